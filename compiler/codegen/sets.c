/*
 * sets.c - code for membership.
 *
 * The planner chose the form of each set (module.h). Small forms become a few instructions: a
 * window of 64 symbols or numbers is a constant word, a wider bit set is one load from the image, a
 * handful of numbers are comparisons. The rest is a service. A set is read from the image that the
 * policy will carry, so there is one truth about its form.
 */
#include <stddef.h>
#include <string.h>

#include "compiler/codegen/emit.h"

enum { FEW_NUMBERS = 8 }; /* as many comparisons as a call costs */

/* i1: bit `number` of a constant word; false if number >= 64. */
static LLVMValueRef bit_of_word(emitter *e, LLVMValueRef number, uint64_t word)
{
    LLVMValueRef inside = LLVMBuildICmp(e->builder, LLVMIntULT, number, emit_i64(e, 64), "");
    LLVMValueRef shift = LLVMBuildAnd(e->builder, number, emit_i64(e, 63), "");
    LLVMValueRef shifted = LLVMBuildLShr(e->builder, emit_i64(e, word), shift, "");
    LLVMValueRef bit = LLVMBuildTrunc(e->builder, shifted, e->i1, "bit");
    return LLVMBuildAnd(e->builder, inside, bit, "");
}

/* The same with the words in the image. Outside of the window the first word is read and not
 * used. */
static LLVMValueRef bit_of_image(emitter *e, LLVMValueRef number, cst_ref data)
{
    const uint64_t bits = (uint64_t)data.length * 8u;
    LLVMValueRef inside = LLVMBuildICmp(e->builder, LLVMIntULT, number, emit_i64(e, bits), "");
    LLVMValueRef safe = LLVMBuildSelect(e->builder, inside, number, emit_i64(e, 0), "");
    LLVMValueRef image = emit_load(e, e->pointer, e->frame, offsetof(cst_frame, image), "image");
    LLVMValueRef index = LLVMBuildLShr(e->builder, safe, emit_i64(e, 6), "");
    LLVMValueRef words = emit_at(e, image, data.offset);
    LLVMValueRef address = LLVMBuildGEP2(e->builder, e->i64, words, &index, 1, "");
    LLVMValueRef word = LLVMBuildLoad2(e->builder, e->i64, address, "word");
    LLVMValueRef shift = LLVMBuildAnd(e->builder, safe, emit_i64(e, 63), "");
    LLVMValueRef shifted = LLVMBuildLShr(e->builder, word, shift, "");
    LLVMValueRef bit = LLVMBuildTrunc(e->builder, shifted, e->i1, "bit");
    return LLVMBuildAnd(e->builder, inside, bit, "");
}

static LLVMValueRef in_symbols(emitter *e, const cst_set_row *row, uint32_t number, node_id left,
                               LLVMValueRef place)
{
    LLVMValueRef symbol;
    const bool known = value_has_symbol(e, left);
    if (known)
        symbol = emit_load(e, e->i32, place, offsetof(cst_value, symbol), "symbol");
    else
        symbol = EMIT_SERVICE(e, intern, e->frame, place);
    if (row->form == CST_SET_SYMBOL_BITS) {
        const uint32_t words = row->data.length / (uint32_t)sizeof(uint64_t);
        if (words == 0)
            return LLVMConstInt(e->i1, 0, false);
        LLVMValueRef bit = LLVMBuildSub(e->builder, symbol, emit_i32(e, row->base), "");
        bit = LLVMBuildZExt(e->builder, bit, e->i64, "");
        if (words > 1)
            return bit_of_image(e, bit, row->data);
        uint64_t word;
        memcpy(&word, (const char *)e->image + row->data.offset, sizeof word);
        return bit_of_word(e, bit, word);
    }
    if (!known) { /* the service goes by the symbol in the value */
        LLVMValueRef copy = emit_temporary(e);
        for (uint64_t at = 0; at < sizeof(cst_value); at += sizeof(uint64_t))
            emit_store(e, emit_load(e, e->i64, place, at, ""), copy, at);
        emit_store(e, symbol, copy, offsetof(cst_value, symbol));
        place = copy;
    }
    return emit_is_not_zero(e, EMIT_SERVICE(e, set_has_text, e->frame, place, emit_i32(e, number)));
}

static LLVMValueRef in_integers(emitter *e, const cst_set_row *row, uint32_t number,
                                LLVMValueRef value)
{
    const int64_t *numbers =
        (const int64_t *)(const void *)((const char *)e->image + row->data.offset);
    if (row->count == 0)
        return LLVMConstInt(e->i1, 0, false);
    const uint64_t least = (uint64_t)numbers[0];
    if ((uint64_t)numbers[row->count - 1] - least < 64) {
        uint64_t word = 0;
        for (uint32_t i = 0; i < row->count; i++)
            word |= (uint64_t)1 << ((uint64_t)numbers[i] - least);
        return bit_of_word(e, LLVMBuildSub(e->builder, value, emit_i64(e, least), ""), word);
    }
    if (row->count > FEW_NUMBERS)
        return emit_is_not_zero(
            e, EMIT_SERVICE(e, set_has_integer, e->frame, value, emit_i32(e, number)));
    LLVMValueRef found = NULL;
    for (uint32_t i = 0; i < row->count; i++) {
        LLVMValueRef equal =
            LLVMBuildICmp(e->builder, LLVMIntEQ, value, emit_i64(e, (uint64_t)numbers[i]), "");
        found = found == NULL ? equal : LLVMBuildOr(e->builder, found, equal, "");
    }
    return found;
}

LLVMValueRef emit_in_set(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const cst_set_row *row = &CST_ROWS(e->image, sets, cst_set_row)[node->index];
    const node_id left = node->operands[0];
    emitted value;
    switch (row->form) {
    case CST_SET_INTEGERS:
        value = emit_value(e, left);
        *trouble = value.trouble;
        return in_integers(e, row, node->index, value.value);
    case CST_SET_NETWORKS:
        value = emit_place(e, left, false);
        *trouble = value.trouble;
        return emit_is_not_zero(
            e, EMIT_SERVICE(e, set_has_address, e->frame, value.value, emit_i32(e, node->index)));
    default:
        value = emit_place(e, left, true);
        *trouble = value.trouble;
        return in_symbols(e, row, node->index, left, value.value);
    }
}
