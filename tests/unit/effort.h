/*
 * effort.h - how much of an exhaustive test a build runs.
 *
 * Code with sanitizers is some ten times slower, and what they look for shows in a sample as well
 * as in all of it; whether an answer is right is for the release build, which runs everything (the
 * label "exhaustive" in tests/CMakeLists.txt). So each test that counts in thousands says
 * SAMPLE(all, part), and no test is only a part of itself everywhere.
 */
#ifndef CST_TESTS_EFFORT_H
#define CST_TESTS_EFFORT_H

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define EFFORT_SAMPLE 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EFFORT_SAMPLE 1
#endif
#endif

#ifdef EFFORT_SAMPLE
#define SAMPLE(all, part) (part)
#else
#define SAMPLE(all, part) (all)
#endif

#endif
