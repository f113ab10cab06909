/*
 * support_image.h - one hand-made policy that most tests of the engine share: a small support
 * assistant.
 *
 *     context user { id: string, role: Role, region?: string }       Role = customer, agent, admin
 *     tool send_email(to: list<email>(3), subject: string(20), body: string)
 *     tool refund(order: string, amount: decimal, reason?: string)
 *     default action deny                                      permits: mail, refunds (amount <=
 * 500)
 *
 * Rules, by row: see SUPPORT_…. The upper layer `platform` has a waivable rule.
 */
#ifndef CONSTITUTION_TESTS_SUPPORT_IMAGE_H
#define CONSTITUTION_TESTS_SUPPORT_IMAGE_H

#include "tests/unit/image_builder.h"

enum { SUPPORT_SEND_EMAIL = 1, SUPPORT_REFUND = 2 };

enum { /* slots */
       SUPPORT_TO,
       SUPPORT_SUBJECT,
       SUPPORT_BODY,
       SUPPORT_ORDER,
       SUPPORT_AMOUNT,
       SUPPORT_REASON,
       SUPPORT_ID,
       SUPPORT_ROLE,
       SUPPORT_REGION,
       SUPPORT_TEXT,
       SUPPORT_SESSION,
       SUPPORT_TIME,
       SUPPORT_TOOL,
       SUPPORT_PATH,
       SUPPORT_META,
       SUPPORT_META_A,
       SUPPORT_SENDER
};

enum { /* rules */
       /* send_email: any a in to is not of example.com: require approval from user within 10m */
       SUPPORT_STRANGERS,
       SUPPORT_SHADOW,        /* send_email: subject == "secret": deny, in shadow */
       SUPPORT_MAIL,          /* permit on send_email */
       SUPPORT_REFUNDS,       /* permit on refund: amount <= 500 */
       SUPPORT_LARGE,         /* refund: amount > 100: escalate to agent or boss */
       SUPPORT_OVERFLOW,      /* refund: order == "overflow": deny, undecided */
       SUPPORT_BOMB,          /* input: text == "bomb": halt */
       SUPPORT_REFUSAL,       /* input: text == "weapon": refuse offering … */
       SUPPORT_SPAM,          /* platform, input: text == "spam": deny; waivable */
       SUPPORT_WAIVE,         /* waives SPAM when role == admin, until 2027 */
       SUPPORT_SHADOW_PERMIT, /* permit in shadow on refund: amount > 500 */
       SUPPORT_LONG,          /* output: text starts with "long": flag, message of the whole text */
       SUPPORT_RULES
};

image_builder *support_image(const char *version);

#endif
