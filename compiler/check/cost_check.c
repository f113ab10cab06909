/*
 * cost_check.c - `--max-cost` and `--max-scratch`: refuses a policy that can be dearer, at the place that costs most.
 */
#include "compiler/cost.h"

#include "compiler/plan.h"

cost_subject cost_subject_of(const compilation *unit, uint64_t event_bytes)
{
    const cst_image *const image = unit->plan != NULL ? (const cst_image *)(const void *)unit->plan->image : NULL;
    return (cost_subject){.policy = unit->checked, .image = image, .event_bytes = event_bytes};
}
