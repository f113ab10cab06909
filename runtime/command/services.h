/* services.h - the rows of services.def that ask about commands. */
#ifndef CONSTITUTION_RUNTIME_COMMAND_SERVICES_H
#define CONSTITUTION_RUNTIME_COMMAND_SERVICES_H

#include "runtime/module.h"

uint32_t command_facts(cst_frame *frame, const cst_value *value, uint32_t property, cst_value *out);
cst_truth command_unknown(cst_frame *frame, const cst_value *value, uint32_t property,
                          uint32_t exact, uint32_t site);
cst_truth command_matches(cst_frame *frame, const cst_value *value, uint32_t list, uint32_t only,
                          uint32_t site);
cst_truth command_inside(const cst_value *path, const cst_value *folder, uint32_t site);

#endif
