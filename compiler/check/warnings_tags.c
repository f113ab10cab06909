/*
 * warnings_tags.c - tags that nothing reads, one letter beside a tag that is read.
 *
 * Tags are free names: many only tell a reader what a tool does, so a tag that no rule reads says
 * nothing. But a slip in one takes the tool out of every rule on that tag, or leaves it open that
 * should be `closed`, and nothing else would tell. So what is reported is one slip away from a tag
 * that means something, and no farther: `external` and `internal` are two.
 */
#include <string.h>

#include "compiler/check/tools.h"
#include "compiler/check/warnings.h"

/* Each tag once: what the language reads itself, then what the policy does. */
static void read_collect(checker *checker, tool_tags *out)
{
    tool_tag_add(checker, out, TAG_CLOSED);
    tool_tag_add(checker, out, TAG_READS);
    for (uint32_t i = 0; i < checker->tags_read.count; i++)
        tool_tag_add(checker, out, checker->tags_read.items[i]);
}

static void tag_judge(checker *checker, const tool_tags *read, const ast_text *tag)
{
    for (uint32_t i = 0; i < read->count; i++) {
        const char *const near = read->items[i];
        if (!diagnostic_is_slip(tag->bytes, near))
            continue;
        diagnostic *const d = diagnostic_report(checker->compilation, W_TAG_SLIP, tag->range,
                                                "nothing reads the tag `%s`", tag->bytes);
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, tag->range, near, "write `%s`", near);
        return;
    }
}

void warn_tags(checker *checker)
{
    const ast_file *const file = checker->layers.items[0]->file;
    tool_tags read = {0}, seen = {0};
    read_collect(checker, &read);
    for (uint32_t i = 0; i < file->count; i++) {
        const ast_declaration *const declaration = file->items[i];
        for (uint32_t k = 0; declaration->kind == AST_TOOL && k < declaration->tags.count; k++) {
            const ast_text *const tag = &declaration->tags.items[k];
            const uint32_t known = seen.count;
            if (tag->bytes == NULL ||
                name_table_find(&read.names, tag->bytes, strlen(tag->bytes)) != CST_NONE)
                continue;
            tool_tag_add(checker, &seen, tag->bytes);
            if (seen.count > known)
                tag_judge(checker, &read, tag);
        }
    }
}
