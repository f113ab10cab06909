/*
 * message.c - what a fired rule says: its message with values put in.
 *
 * Made only when somebody asks (decision.c), from slots that still hold the event. The pieces of a
 * message were cut apart by the compiler; here the values are written as a person reads them.
 * Values of secret fields are masked whole: not even their length shows.
 *
 * A message ends at LIMIT_MESSAGE_BYTES with an ellipsis and says so. Its buffer is allocated at
 * full size once, so a write that fails can only mean that bound.
 */
#include <string.h>

#include "runtime/engine.h"

#define ELLIPSIS "…"
#define MASK     "•••"
#define NOTHING  "(absent)"

/* ---- messages -------------------------------------------------------------------------------- */

static bool prepare(cst_context *context)
{
    buffer *const message = &context->message;
    if (!message->bytes) {
        message->bytes =
            context->allocator.allocate(context->allocator.user, LIMIT_MESSAGE_BYTES + 1);
        if (!message->bytes)
            return false;
        message->capacity = LIMIT_MESSAGE_BYTES + 1;
        message->ceiling = LIMIT_MESSAGE_BYTES;
    }
    buffer_clear(message);
    return true;
}

/* A text as far as it fits, cut between characters. */
static void add_text(buffer *message, const char *text, size_t length)
{
    const size_t room = message->ceiling - message->length;
    if (length <= room || message->failed) {
        buffer_add(message, text, length);
        return;
    }
    size_t fits = room;
    while (fits > 0 && ((unsigned char)text[fits] & 0xc0) == 0x80)
        fits--;
    buffer_add(message, text, fits);
    message->failed = true;
}

static void show(cst_context *context, const cst_value *value, uint32_t type)
{
    buffer *const message = &context->message;
    if (value->kind == CST_KIND_ABSENT)
        add_text(message, NOTHING, strlen(NOTHING));
    else if (kind_has_text(value->kind))
        add_text(message, value->length ? value->as.text : "", value->length);
    else if (value->kind == CST_KIND_TOOL)
        add_text(message, value->length ? value->parts : "", value->length);
    else
        value_show(message, value, context->frame.image, type);
}

/* The element that made an `any` true, or the field of it that the message names; NULL if there is
 * none. */
static const cst_value *find_element(cst_context *context, const cst_part_row *part)
{
    const cst_witness_row *const witness =
        CST_ROWS(context->frame.image, witnesses, cst_witness_row) + part->index;
    const cst_value *element = NULL;
    const cst_witness_fn search = context->module->witnesses[witness->function];
    if (search(&context->frame, witness->function, 0, &element) == UINT32_MAX || !element)
        return NULL;
    if (part->field == CST_NONE)
        return element;
    if (element->kind != CST_KIND_RECORD || part->field >= element->length)
        return NULL;
    return &element->as.items[part->field];
}

static void add_part(cst_context *context, const cst_part_row *part)
{
    static const cst_value absent;
    const cst_image *const image = context->frame.image;
    const cst_value *value = &absent;
    uint32_t slot = part->index;
    if (part->kind == CST_PART_TEXT) {
        add_text(&context->message, CST_TEXT(image, part->text), part->text.length);
        return;
    }
    if (part->kind == CST_PART_WITNESS) {
        const cst_value *const element = find_element(context, part);
        slot = CST_ROWS(image, witnesses, cst_witness_row)[part->index].slot;
        if (element)
            value = element;
    } else {
        value = &context->frame.slots[part->index];
    }
    if (part->secret || (slot != CST_NONE && CST_ROWS(image, slots, cst_slot_row)[slot].secret)) {
        add_text(&context->message, MASK, strlen(MASK));
        return;
    }
    cst_value property;
    if (part->property != CST_NONE) {
        value_part(value, (cst_property)part->property, &property);
        value = &property;
    }
    show(context, value, part->type);
}

/* Makes room for the ellipsis, not in the middle of a character. */
static void end_cut(buffer *message)
{
    size_t length = message->length;
    const size_t most = LIMIT_MESSAGE_BYTES - strlen(ELLIPSIS);
    if (length > most) {
        length = most;
        while (length > 0 && ((unsigned char)message->bytes[length] & 0xc0) == 0x80)
            length--;
    }
    message->failed = false;
    message->length = length;
    buffer_text(message, ELLIPSIS);
}

const char *message_render(cst_context *context, const cst_rule_row *rule, bool *cut)
{
    buffer *const message = &context->message;
    if (!prepare(context))
        return NULL;
    const cst_part_row *const parts =
        CST_ROWS(context->frame.image, parts, cst_part_row) + rule->message.first;
    for (uint32_t i = 0; i < rule->message.count && !message->failed; i++)
        add_part(context, &parts[i]);
    *cut = message->failed;
    if (message->failed)
        end_cut(message);
    return arena_copy(&context->arena, message->bytes, message->length);
}
