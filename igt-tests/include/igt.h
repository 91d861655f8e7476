/* SPDX-License-Identifier: MIT */
/*
 * What these tests call of the IGT library, for building against Debian's libigt.so.0,
 * which comes without headers. In an IGT tree this file is not used: IGT has its own.
 *
 * The form is today's IGT's: main, fixtures and groups are written like functions
 * ("int igt_main()", "igt_fixture()"). Only what is exported by the library and used here
 * is declared.
 */
#ifndef IGT_H
#define IGT_H

#include <getopt.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IGT_LOG_DOMAIN ((const char *)0)

enum igt_log_level {
	IGT_LOG_DEBUG,
	IGT_LOG_INFO,
	IGT_LOG_WARN,
	IGT_LOG_CRITICAL,
};

struct option;

/* The library's side of the blocks below. */
extern jmp_buf igt_subtest_jmpbuf;
extern jmp_buf igt_dynamic_jmpbuf;
int igt_subtest_init_parse_opts(int *argc, char **argv, const char *short_opts,
				const struct option *long_opts, const char *help,
				int (*handler)(int opt, int index, void *data), void *data);
bool __igt_fixture(void);
void __igt_fixture_complete(void);
bool __igt_run_subtest(const char *name, const char *file, const int line);
bool __igt_enter_dynamic_container(void);
bool __igt_run_dynamic_subtest(const char *name);
void __igt_subtest_group_save(int *skip, int *describe);
void __igt_subtest_group_restore(int skip, int describe);
bool __igt_fork(void);
void igt_waitchildren(void);
void igt_success(void);
void igt_exit(void) __attribute__((noreturn));
void igt_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void __igt_skip_check(const char *file, const int line, const char *func, const char *check,
		      const char *format, ...) __attribute__((noreturn, format(printf, 5, 6)));
void __igt_fail_assert(const char *domain, const char *file, const int line, const char *func,
		       const char *assertion, const char *format, ...)
	__attribute__((noreturn, format(printf, 6, 7)));
void igt_log(const char *domain, enum igt_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void igt_describe_f(const char *format, ...) __attribute__((format(printf, 1, 2)));
void igt_install_exit_handler(void (*handler)(int sig));
bool igt_only_list_subtests(void);
void igt_set_timeout(unsigned int seconds, const char *operation);
void igt_reset_timeout(void);
const char *igt_subtest_name(void);
int igt_debugfs_open(int fd, const char *file, int mode);

#define __igt_join(a, b)	a##b
#define __igt_name(a, line)	__igt_join(a, line)
#define __igt_local(a)		__igt_name(__igt_##a##_, __LINE__)

#define IGT_TEST_DESCRIPTION(text) const char *__igt_test_description = text

/* Usage: int igt_main() { ... } */
#define igt_main_args(short_opts, long_opts, help, handler, data) \
	__igt_local(unused)(void); \
	static void __igt_local(body)(void); \
	int main(int argc, char **argv) \
	{ \
		igt_subtest_init_parse_opts(&argc, argv, short_opts, long_opts, help, \
					    handler, data); \
		__igt_local(body)(); \
		igt_exit(); \
	} \
	static void __igt_local(body)(void)
#define igt_main()	igt_main_args(NULL, NULL, NULL, NULL, NULL)

#define igt_fixture() \
	for (volatile int __igt_local(once) = 0; \
	     __igt_local(once) < 1 && __igt_fixture() && !sigsetjmp(igt_subtest_jmpbuf, 1); \
	     __igt_local(once)++, __igt_fixture_complete())

#define igt_subtest_group() \
	for (int __igt_local(once) = 0, __igt_local(skip) = 0, __igt_local(describe) = 0; \
	     __igt_local(once) < 1 && \
	     (__igt_subtest_group_save(&__igt_local(skip), &__igt_local(describe)), true); \
	     __igt_local(once)++, \
	     __igt_subtest_group_restore(__igt_local(skip), __igt_local(describe)))

#define __igt_begins(name)	__igt_run_subtest(name, __FILE__, __LINE__)
#define __igt_lands(buf)	(!sigsetjmp(buf, 1))

#define igt_subtest(name) \
	for (; __igt_begins(name) && __igt_lands(igt_subtest_jmpbuf); igt_success())

#define igt_subtest_f(...) \
	for (char __igt_local(text)[256]; \
	     snprintf(__igt_local(text), sizeof(__igt_local(text)), __VA_ARGS__), \
	     __igt_begins(__igt_local(text)) && __igt_lands(igt_subtest_jmpbuf); igt_success())

#define igt_subtest_with_dynamic(name) \
	for (; __igt_begins(name) && __igt_enter_dynamic_container() && \
	       __igt_lands(igt_subtest_jmpbuf); igt_success())

#define igt_subtest_with_dynamic_f(...) \
	for (char __igt_local(text)[256]; \
	     snprintf(__igt_local(text), sizeof(__igt_local(text)), __VA_ARGS__), \
	     __igt_begins(__igt_local(text)) && __igt_enter_dynamic_container() && \
	     __igt_lands(igt_subtest_jmpbuf); igt_success())

#define igt_dynamic(name) \
	for (; __igt_run_dynamic_subtest(name) && __igt_lands(igt_dynamic_jmpbuf); igt_success())

#define igt_dynamic_f(...) \
	for (char __igt_local(text)[256]; \
	     snprintf(__igt_local(text), sizeof(__igt_local(text)), __VA_ARGS__), \
	     __igt_run_dynamic_subtest(__igt_local(text)) && \
	     __igt_lands(igt_dynamic_jmpbuf); igt_success())

#define igt_describe(text)	igt_describe_f("%s", text)

/* A child process; the parent calls igt_waitchildren(), which fails if a child did. */
#define igt_fork(child, count) \
	for (int child = 0; child < (count); child++) \
		for (; __igt_fork(); exit(0))

#define __igt_fails(text, ...) \
	__igt_fail_assert(IGT_LOG_DOMAIN, __FILE__, __LINE__, __func__, text, __VA_ARGS__)
#define igt_assert(e)		do { if (!(e)) __igt_fails(#e, NULL); } while (0)
#define igt_assert_f(e, ...)	do { if (!(e)) __igt_fails(#e, __VA_ARGS__); } while (0)
#define igt_fail_on(e)		igt_assert(!(e))
#define igt_fail_on_f(e, ...)	igt_assert_f(!(e), __VA_ARGS__)

#define __igt_compare(type, format, a, op, b) \
	do { \
		type __igt_a = (a), __igt_b = (b); \
		if (!(__igt_a op __igt_b)) \
			__igt_fails(#a " " #op " " #b, "error: !(" format " " #op " " format ")\n", \
				    __igt_a, __igt_b); \
	} while (0)
#define igt_assert_eq(a, b)		__igt_compare(int, "%d", a, ==, b)
#define igt_assert_neq(a, b)		__igt_compare(int, "%d", a, !=, b)
#define igt_assert_lt(a, b)		__igt_compare(int, "%d", a, <, b)
#define igt_assert_lte(a, b)		__igt_compare(int, "%d", a, <=, b)
#define igt_assert_eq_u32(a, b)		__igt_compare(uint32_t, "%#x", a, ==, b)
#define igt_assert_eq_s64(a, b)		__igt_compare(long long, "%lld", a, ==, b)
#define igt_assert_eq_u64(a, b)		__igt_compare(unsigned long long, "%#llx", a, ==, b)
#define igt_assert_neq_u64(a, b)	__igt_compare(unsigned long long, "%#llx", a, !=, b)
#define igt_assert_lt_u64(a, b)		__igt_compare(unsigned long long, "%#llx", a, <, b)
#define igt_assert_lte_u64(a, b)	__igt_compare(unsigned long long, "%#llx", a, <=, b)

#define __igt_skips(text, ...) \
	__igt_skip_check(__FILE__, __LINE__, __func__, text, __VA_ARGS__)
#define igt_require(e)		do { if (!(e)) __igt_skips(#e, NULL); } while (0)
#define igt_require_f(e, ...)	do { if (!(e)) __igt_skips(#e, __VA_ARGS__); } while (0)
#define igt_skip_on(e)		do { if (e) __igt_skips("!(" #e ")", NULL); } while (0)
#define igt_skip_on_f(e, ...)	do { if (e) __igt_skips("!(" #e ")", __VA_ARGS__); } while (0)

#define igt_info(...)	igt_log(IGT_LOG_DOMAIN, IGT_LOG_INFO, __VA_ARGS__)
#define igt_debug(...)	igt_log(IGT_LOG_DOMAIN, IGT_LOG_DEBUG, __VA_ARGS__)
#define igt_warn(...)	igt_log(IGT_LOG_DOMAIN, IGT_LOG_WARN, __VA_ARGS__)

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#endif
