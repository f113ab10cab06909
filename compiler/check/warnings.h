/* warnings.h - the warnings that have a file of their own; warnings.c has the list. */
#ifndef CONSTITUTION_COMPILER_CHECK_WARNINGS_H
#define CONSTITUTION_COMPILER_CHECK_WARNINGS_H

#include "compiler/check/check.h"

void warn_covered(checker *checker);  /* warnings_cover.c: rules that others always cover */
void warn_views(checker *checker);    /* warnings_views.c: sets of the library on the wrong view */
void warn_untested(checker *checker); /* warnings_tests.c: rules that no test exercises both ways */
void warn_tags(checker *checker); /* warnings_tags.c: tags that nothing reads, nearly one that is */
/* warnings_results.c: rules that look into the value of results whose text nothing reads */
void warn_results(checker *checker);

#endif
