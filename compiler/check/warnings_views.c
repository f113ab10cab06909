/*
 * warnings_views.c - sets of the library that are looked for on a view which they are not made for.
 *
 * Nothing in a set says on which view it finds what it names: the phrases of `harm.requests` are in
 * lower case because folded text is, and a credential that mixes digits and letters cannot be found
 * in folded text, where digits inside of words have become letters. Either mistake compiles and
 * finds a part, which is the worst of both. So the table below says for which names of the library
 * it matters; docs/detectors.md has the same for people, and a test of the library's own cases
 * holds the rows of `pii` and `secrets`.
 */
#include <string.h>

#include "compiler/check/warnings.h"
#include "runtime/text/view.h"

static const struct {
    const char *module, *name; /* NULL: all of it */
    bool folded;               /* made for folded text; else for the text as it is written */
} meant[] = {
    {"harm", NULL, true},
    {"jailbreak", NULL, true},
    {"hedging", NULL, true},
    {"injection", "instructions", true},
    {"injection", "exfiltration", true},
    {"injection", "reply_shaping", true},
    {"injection", "weapon_making", true},
    {"injection", "csam", true},
    {"injection", "attempts", true},
    {"injection", "override", true},
    {"injection", "delimiters", false},
    {"injection", "hidden_text", false},
    {"leak", "prompt_requests", true},
    {"leak", "secret_requests", true},
    {"leak", "requests", true},
    {"leak", "telling", true},
    {"leak", "canary", false},
    {"grounding", "attribution", true},
    {"grounding", "not_found", true},
    {"secrets", NULL, false},
    {"pii", "personal", false},
    {"pii", "ibans", false},
    {"pii", "accounts", false},
    {"pii", "coins", false},
    {"pii", "addresses", false},
    {"pii", "passports", false},
    {"pii", "licences", false},
    {"pii", "health_ids", false},
    {"pii", "american_ids", false},
    {"pii", "european_ids", false},
    {"pii", "national_ids", false},
    {"pii", "vehicles", false},
    {"pii", "firms", false},
    {"pii", "iban", false},
    {"pii", "bitcoin", false},
    {"pii", "bitcoin_segwit", false},
    {"pii", "ethereum", false},
    {"pii", "mac", false},
    {"pii", "passport", false},
    {"pii", "de_driver", false},
    {"pii", "it_driver", false},
    {"pii", "us_mbi", false},
    {"pii", "mx_curp", false},
    {"pii", "br_cpf_plain", false},
    {"pii", "cl_rut_plain", false},
    {"pii", "de_id_card", false},
    {"pii", "de_id_card_plain", false},
    {"pii", "it_codice_fiscale", false},
    {"pii", "it_id_card", false},
    {"pii", "cz_rodne_cislo_plain", false},
    {"pii", "hu_tax_id", false},
    {"pii", "gr_afm", false},
    {"pii", "ua_rnokpp", false},
    {"pii", "vin", false},
    {"pii", "br_cnpj", false},
    {"pii", "br_cnpj_plain", false},
};

/* "pii" of `std/pii.const`; NULL: no module of the library. */
static const char *library_name(const checker *checker, const unit *unit, size_t *length)
{
    static const char folder[] = "std/";
    const char *const path = checker->compilation->sources.items[unit->source].path;
    if (strncmp(path, folder, sizeof folder - 1) != 0)
        return NULL;
    const char *const name = path + sizeof folder - 1;
    *length = strcspn(name, ".");
    return name;
}

void view_use(checker *checker, const unit *where, const symbol *symbol, unsigned views,
              source_range range)
{
    size_t length = 0;
    if (library_name(checker, where, &length) != NULL ||
        library_name(checker, symbol->home, &length) == NULL)
        return;
    struct view_use *const use = ARENA_PUSH(checker->arena, &checker->view_uses);
    *use = (struct view_use){.symbol = symbol, .views = views, .range = range};
}

/* False: it does not matter for this name. */
static bool meant_folded(const checker *checker, const symbol *symbol, bool *folded)
{
    size_t length = 0;
    const char *const module = library_name(checker, symbol->home, &length);
    for (uint32_t i = 0; i < sizeof meant / sizeof meant[0]; i++) {
        if (strlen(meant[i].module) != length || strncmp(meant[i].module, module, length) != 0)
            continue;
        if (meant[i].name != NULL && strcmp(meant[i].name, symbol->name) != 0)
            continue;
        *folded = meant[i].folded;
        return true;
    }
    return false;
}

/* Whether the policy asks on the right view too, or this use was told already (a condition is read
 * once for each stage and tool). */
static bool settled(const checker *checker, uint32_t number, bool folded)
{
    const struct view_use *const uses = checker->view_uses.items;
    for (uint32_t i = 0; i < checker->view_uses.count; i++) {
        if (uses[i].symbol != uses[number].symbol)
            continue;
        if (((uses[i].views & VIEW_FOLDED) != 0) == folded)
            return true;
        if (i < number && uses[i].range.file == uses[number].range.file &&
            uses[i].range.start == uses[number].range.start)
            return true;
    }
    return false;
}

static void use_warn(checker *checker, const struct view_use *use, bool folded)
{
    const char *const shown = source_excerpt(checker->compilation, use->range);
    const char *const any = use->symbol->kind == SYMBOL_SET ? "any " : "";
    if (folded) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, W_OTHER_VIEW, use->range,
                              "`%s` is written for folded text: without `folded` it misses "
                              "capitals and disguised letters",
                              shown);
        diagnostic_mend(checker->compilation, d, use->range, NULL, "write `folded contains %s%s`",
                        any, shown);
        return;
    }
    size_t length = 0;
    const char *const module = library_name(checker, use->symbol->home, &length);
    diagnostic *const d = diagnostic_report(
        checker->compilation, W_OTHER_VIEW, use->range,
        "`%s` is written for the text itself: folding takes what it is made of, so a part of it is "
        "never found here",
        shown);
    if (strncmp(module, "pii", length) == 0 || strncmp(module, "secrets", length) == 0)
        diagnostic_note_text(checker->compilation, d,
                             "folded text has no capitals, and no digits inside of words");
    if (strcmp(use->symbol->name, "personal") == 0 || strcmp(use->symbol->name, "keys") == 0)
        diagnostic_mend(checker->compilation, d, use->range, NULL,
                        "write `%.*s.found(text)`, which asks on each view, or leave out `folded`",
                        (int)length, module);
    else
        diagnostic_mend(checker->compilation, d, use->range, NULL,
                        "leave out `folded`, or ask on both views, joined by `or`");
}

void warn_views(checker *checker)
{
    for (uint32_t i = 0; i < checker->view_uses.count; i++) {
        const struct view_use *const use = &checker->view_uses.items[i];
        bool folded;
        if (!meant_folded(checker, use->symbol, &folded) ||
            ((use->views & VIEW_FOLDED) != 0) == folded || settled(checker, i, folded))
            continue;
        use_warn(checker, use, folded);
    }
}
