/*
 * support_image.c - see support_image.h. The groups are what the compiler would make of the rules,
 * written by hand.
 */
#include "tests/unit/support_image.h"

#include <string.h>

static bool is(const cst_value *value, const char *text)
{
    return value->kind == CST_KIND_STRING && value->length == strlen(text) &&
           memcmp(value->as.text, text, value->length) == 0;
}

static bool is_stranger(const cst_value *address)
{
    static const char ours[] = "@example.com";
    const size_t length = sizeof ours - 1;
    if (address->kind != CST_KIND_EMAIL) /* an image that was damaged on purpose */
        return false;
    return address->length < length ||
           memcmp(address->as.text + address->length - length, ours, length) != 0;
}

static uint32_t find_stranger(cst_frame *frame, uint32_t witness, uint32_t from,
                              const cst_value **out)
{
    const cst_value *const to = &frame->slots[SUPPORT_TO];
    (void)witness;
    for (uint32_t i = from; to->kind == CST_KIND_LIST && i < to->length; i++) {
        if (is_stranger(&to->as.items[i])) {
            *out = &to->as.items[i];
            return i;
        }
    }
    return UINT32_MAX;
}

static void on_mail(cst_frame *frame, uint32_t group)
{
    const cst_value *element;
    (void)group;
    if (find_stranger(frame, 0, 0, &element) != UINT32_MAX)
        image_hit(frame, SUPPORT_STRANGERS, CST_TRUE);
    if (is(&frame->slots[SUPPORT_SUBJECT], "secret"))
        image_hit(frame, SUPPORT_SHADOW, CST_TRUE);
    image_hit(frame, SUPPORT_MAIL, CST_TRUE);
}

static void on_refund(cst_frame *frame, uint32_t group)
{
    const int64_t amount = frame->slots[SUPPORT_AMOUNT].as.integer;
    (void)group;
    if (amount <= 500000000)
        image_hit(frame, SUPPORT_REFUNDS, CST_TRUE);
    else
        image_hit(frame, SUPPORT_SHADOW_PERMIT, CST_TRUE);
    if (amount > 100000000)
        image_hit(frame, SUPPORT_LARGE, CST_TRUE);
    if (is(&frame->slots[SUPPORT_ORDER], "overflow"))
        image_hit(frame, SUPPORT_OVERFLOW, CST_UNDECIDED(0));
}

static void on_input(cst_frame *frame, uint32_t group)
{
    const cst_value *const text = &frame->slots[SUPPORT_TEXT];
    (void)group;
    if (is(text, "bomb"))
        image_hit(frame, SUPPORT_BOMB, CST_TRUE);
    if (is(text, "weapon") || is(text, "bomb"))
        image_hit(frame, SUPPORT_REFUSAL, CST_TRUE);
}

static void on_input_platform(cst_frame *frame, uint32_t group)
{
    const cst_value *const role = &frame->slots[SUPPORT_ROLE];
    (void)group;
    if (is(&frame->slots[SUPPORT_TEXT], "spam"))
        image_hit(frame, SUPPORT_SPAM, CST_TRUE);
    if (role->kind == CST_KIND_ENUM && role->as.integer == 2)
        image_hit(frame, SUPPORT_WAIVE, CST_TRUE);
}

static void on_output(cst_frame *frame, uint32_t group)
{
    const cst_value *const text = &frame->slots[SUPPORT_TEXT];
    (void)group;
    if (text->length >= 4 && memcmp(text->as.text, "long", 4) == 0)
        image_hit(frame, SUPPORT_LONG, CST_TRUE);
}

static void add_slots(image_builder *image)
{
    static const char *const roles[] = {"customer", "agent", "admin"};
    const uint32_t string = image_type(image, CST_KIND_STRING, 0, CST_NONE);
    const uint32_t subject = image_type(image, CST_KIND_STRING, 20, CST_NONE);
    const uint32_t email = image_type(image, CST_KIND_EMAIL, 0, CST_NONE);
    const uint32_t to = image_type(image, CST_KIND_LIST, 3, email);
    const uint32_t decimal = image_type(image, CST_KIND_DECIMAL, 0, CST_NONE);
    const uint32_t role = image_names_type(image, CST_KIND_ENUM, roles, 3);
    const uint32_t time = image_type(image, CST_KIND_TIME, 0, CST_NONE);
    const uint32_t tool = image_type(image, CST_KIND_TOOL, 0, CST_NONE);
    const uint32_t json = image_type(image, CST_KIND_JSON, 0, CST_NONE);
    const uint32_t agent = image_names_type(image, CST_KIND_AGENT, NULL, 0);
    image_slot(image, "args.to", "/args/to", to, false);
    image_slot(image, "args.subject", "/args/subject", subject, false);
    image_slot(image, "args.body", "/args/body", string, true);
    image_slot(image, "args.order", "/args/order", string, false);
    image_slot(image, "args.amount", "/args/amount", decimal, false);
    image_slot(image, "args.reason", "/args/reason", string, false);
    image_slot(image, "user.id", "/user/id", string, false);
    image_slot(image, "user.role", "/user/role", role, false);
    image_slot(image, "user.region", "/user/region", string, false);
    image_slot(image, "text", "/text", string, false);
    image_slot(image, "session", "/session", string, false);
    image_slot(image, "time", "/time", time, false);
    image_slot(image, "tool", "/tool", tool, false);
    image_slot(image, "args.path", "/args/path", string, false);
    image_slot(image, "args.meta", "/args/meta", json, false);
    image_slot(image, "args.meta.a", "/args/meta/a", string, false);
    image_slot(image, "sender", "/from", agent, false);
}

static void add_user(image_builder *image, cst_stage stage, uint32_t tool)
{
    image_read(image, stage, tool, "user/id", SUPPORT_ID, 3, CST_TARGET_TYPED, false);
    image_read(image, stage, tool, "user/role", SUPPORT_ROLE, 3, CST_TARGET_TYPED, false);
    image_read(image, stage, tool, "user/region", SUPPORT_REGION, 1, CST_TARGET_TYPED, true);
}

static void add_reads(image_builder *image)
{
    const cst_target_mode typed = CST_TARGET_TYPED;
    image_read(image, CST_ACTION, SUPPORT_SEND_EMAIL, "args/to", SUPPORT_TO, 3, typed, true);
    image_read(image, CST_ACTION, SUPPORT_SEND_EMAIL, "args/subject", SUPPORT_SUBJECT, 3, typed,
               true);
    image_read(image, CST_ACTION, SUPPORT_SEND_EMAIL, "args/body", SUPPORT_BODY, 3, typed, false);
    image_read(image, CST_ACTION, SUPPORT_REFUND, "args/order", SUPPORT_ORDER, 3, typed, true);
    image_read(image, CST_ACTION, SUPPORT_REFUND, "args/amount", SUPPORT_AMOUNT, 3, typed, false);
    image_read(image, CST_ACTION, SUPPORT_REFUND, "args/reason", SUPPORT_REASON, 1, typed, false);
    image_read(image, CST_ACTION, 0, "args/path", SUPPORT_PATH, 0, CST_TARGET_OPEN, false);
    image_read(image, CST_ACTION, 0, "args/meta", SUPPORT_META, 0, CST_TARGET_OPEN, false);
    image_read(image, CST_ACTION, 0, "args/meta/a", SUPPORT_META_A, 0, CST_TARGET_OPEN, false);
    image_read(image, CST_ACTION, IMAGE_EVERY_TOOL, "session", SUPPORT_SESSION, 1, typed, false);
    image_read(image, CST_ACTION, IMAGE_EVERY_TOOL, "time", SUPPORT_TIME, 1, typed, false);
    image_read(image, CST_ACTION, IMAGE_EVERY_TOOL, "tool", SUPPORT_TOOL, 1, typed, false);
    add_user(image, CST_ACTION, IMAGE_EVERY_TOOL);
    image_read(image, CST_INPUT, 0, "text", SUPPORT_TEXT, 1, typed, true);
    add_user(image, CST_INPUT, 0);
    image_read(image, CST_OUTPUT, 0, "text", SUPPORT_TEXT, 1, typed, true);
    image_read(image, CST_MESSAGE, 0, "from", SUPPORT_SENDER, 1, typed, false);
}

static void add_mail_rules(image_builder *image, uint32_t privacy)
{
    const uint32_t mail = image_group(image, CST_ACTION, SUPPORT_SEND_EMAIL, on_mail);
    const uint32_t strangers = image_witness(image, find_stranger, SUPPORT_TO);
    image_rule(image, mail,
               (image_rule_spec){.name = "strangers",
                                 .verdict = CST_REQUIRE_APPROVAL,
                                 .who = "user",
                                 .within_us = 600000000,
                                 .has_witness = true,
                                 .witness = strangers});
    image_part_text(image, "This mail leaves the company: ");
    image_part_slot(image, SUPPORT_TO, CST_NONE);
    image_part_text(image, " first ");
    image_part_witness(image, strangers, 2);
    image_part_text(image, ", ");
    image_part_slot(image, SUPPORT_BODY, CST_NONE);
    image_rule(image, mail,
               (image_rule_spec){.name = "shadow",
                                 .verdict = CST_DENY,
                                 .shadow = true,
                                 .has_principle = true,
                                 .principle = privacy});
    image_rule(image, mail, (image_rule_spec){.name = "mail", .kind = CST_RULE_PERMIT});
}

static void add_rules(image_builder *image)
{
    const uint32_t privacy = image_principle(image, "privacy");
    add_mail_rules(image, privacy);
    const uint32_t refund = image_group(image, CST_ACTION, SUPPORT_REFUND, on_refund);
    const uint32_t input = image_group(image, CST_INPUT, 0, on_input);
    const uint32_t platform = image_group(image, CST_INPUT, 0, on_input_platform);
    const uint32_t output = image_group(image, CST_OUTPUT, 0, on_output);
    image_rule(image, refund, (image_rule_spec){.name = "refunds", .kind = CST_RULE_PERMIT});
    image_rule(image, refund,
               (image_rule_spec){.name = "large", .verdict = CST_ESCALATE, .who = "agent,boss"});
    image_part_text(image, "A refund of ");
    image_part_slot(image, SUPPORT_AMOUNT, CST_NONE);
    image_part_text(image, " for ");
    image_part_slot(image, SUPPORT_REASON, CST_NONE);
    image_rule(image, refund, (image_rule_spec){.name = "overflow", .verdict = CST_DENY});
    image_rule(
        image, input,
        (image_rule_spec){
            .name = "bomb", .verdict = CST_HALT, .has_principle = true, .principle = privacy});
    image_rule(image, input,
               (image_rule_spec){.name = "refusal",
                                 .verdict = CST_REFUSE,
                                 .offering = "I can explain \"safety\"."});
    image_rule(image, platform,
               (image_rule_spec){.name = "platform.spam", .verdict = CST_DENY, .layer = 1});
    image_rule(image, platform,
               (image_rule_spec){.name = "waive",
                                 .kind = CST_RULE_WAIVER,
                                 .waives = SUPPORT_SPAM,
                                 .until_us = INT64_C(1798761600000000)});
    image_rule(image, refund,
               (image_rule_spec){.name = "shadow_permit", .kind = CST_RULE_PERMIT, .shadow = true});
    image_rule(image, output, (image_rule_spec){.name = "long", .verdict = CST_FLAG});
    image_part_text(image, "text: ");
    image_part_slot(image, SUPPORT_TEXT, CST_NONE);
    image_part_text(image, "!");
}

image_builder *support_image(const char *version)
{
    image_builder *const image = image_new("support", version);
    image_symbol(image, "secret");
    image_symbol(image, "eu");
    image_tool(image, "send_email");
    image_tool(image, "refund");
    image_layer(image, "support");
    image_layer(image, "platform");
    image_default(image, 0, CST_ACTION, CST_DENY, NULL);
    image_record(image, "user");
    image_site(image, "overflow", "args.a + args.b");
    add_slots(image);
    add_reads(image);
    add_rules(image);
    image_finish(image);
    return image;
}
