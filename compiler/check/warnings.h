/* warnings.h - the warnings that have a file of their own; warnings.c has the list. */
#ifndef CONSTITUTION_COMPILER_CHECK_WARNINGS_H
#define CONSTITUTION_COMPILER_CHECK_WARNINGS_H

#include "compiler/check/check.h"

void warn_covered(checker *checker);  /* warnings_cover.c: rules that others always cover */
void warn_views(checker *checker);    /* warnings_views.c: sets of the library on the wrong view */
void warn_untested(checker *checker); /* warnings_tests.c: rules that no test exercises both ways */

#endif
