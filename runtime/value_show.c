/*
 * value_show.c - a value as a person reads it: in messages, explanations and dumps.
 *
 * Not JSON: texts stand without quotes, lists are joined by commas. Open data is shown in its
 * canonical JSON form, open texts as they are. An absent value is the empty text.
 */
#include "runtime/identity.h"
#include "runtime/identity_private.h"
#include "runtime/json.h"
#include "runtime/number.h"

static const cst_type_row *row_of(const cst_image *image, uint32_t type)
{
    return image && type < image->types.count ? &CST_ROWS(image, types, cst_type_row)[type] : NULL;
}

static void show_items(buffer *out, const cst_value *value, const cst_image *image, uint32_t type)
{
    const cst_type_row *const row = row_of(image, type);
    for (uint32_t i = 0; i < value->length; i++) {
        uint32_t element = row ? row->element : CST_NONE;
        if (i > 0)
            buffer_text(out, ", ");
        if (value->kind == CST_KIND_RECORD && row && i < row->fields.count) {
            const cst_field_row *const field =
                &CST_ROWS(image, fields, cst_field_row)[row->fields.first + i];
            element = field->type;
            buffer_add(out, CST_TEXT(image, field->name), field->name.length);
            buffer_text(out, ": ");
        }
        value_show(out, &value->as.items[i], image, element);
    }
}

static void show_enum(buffer *out, const cst_value *value, const cst_image *image, uint32_t type)
{
    const cst_type_row *const row = row_of(image, type);
    const int64_t index = value->as.integer;
    if (row && row->kind == CST_KIND_ENUM && index >= 0 && (uint64_t)index < row->fields.count) {
        const cst_ref name = CST_ROWS(image, names, cst_ref)[row->fields.first + (uint32_t)index];
        buffer_add(out, CST_TEXT(image, name), name.length);
    } else {
        buffer_format(out, "%lld", (long long)index);
    }
}

void value_show(buffer *out, const cst_value *value, const cst_image *image, uint32_t type)
{
    const cst_json *const json = value->parts;
    switch (value->kind) {
    case CST_KIND_BOOL: buffer_text(out, value->as.integer ? "true" : "false"); break;
    case CST_KIND_INT: buffer_format(out, "%lld", (long long)value->as.integer); break;
    case CST_KIND_DECIMAL: millionths_show(out, value->as.integer); break;
    case CST_KIND_FLOAT: double_show(out, value->as.number); break;
    case CST_KIND_TIME: time_show(out, value->as.integer); break;
    case CST_KIND_DURATION: duration_show(out, value->as.integer); break;
    case CST_KIND_ENUM: show_enum(out, value, image, type); break;
    case CST_KIND_LIST: show_items(out, value, image, type); break;
    case CST_KIND_RECORD:
        buffer_text(out, "{");
        show_items(out, value, image, type);
        buffer_text(out, "}");
        break;
    case CST_KIND_JSON:
    case CST_KIND_NULL:
        if (json && json->kind == JSON_STRING)
            buffer_add(out, json->text, json->length);
        else if (json)
            json_write_canonical(out, json);
        break;
    case CST_KIND_TOOL:
        if (image && (uint64_t)value->as.integer < image->tools.count) {
            const cst_ref name = CST_ROWS(image, tools, cst_tool_row)[value->as.integer].name;
            buffer_add(out, CST_TEXT(image, name), name.length);
        }
        break;
    case CST_KIND_ABSENT: break;
    default: buffer_add(out, value->length ? value->as.text : "", value->length);
    }
}
