// SPDX-License-Identifier: GPL-2.0
/*
 * Bugs on purpose, one a load: they prove that a run which meets such a bug is
 * failed. `insmod hugesvm_bugs.ko bug=NAME`; never part of a kernel that people
 * run.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "kasan, ubsan, lock, rcu, atomic, leak, hung, warn, refcount or none");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);
static struct task_struct *sleeper;
static DECLARE_COMPLETION(never);

/* Volatile, so that the compiler does not see the bug and spoil it. */
static volatile int one_past = 64;
static volatile int wide = 40;
static int *rcu_pointer;

static void touch_past_end(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	((volatile char *)p)[one_past] = 1;
	kfree(p);
}

static void take_in_both_orders(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_under_spinlock(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static noinline void lose_memory(void)
{
	int i;

	/* Several, as one may stay in a register or on a stack for a while. */
	for (i = 0; i < 16; i++) {
		void *p = kmalloc(192, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(p);
	}
}

static int wait_for_ever(void *unused)
{
	wait_for_completion(&never);
	return 0;
}

static void underflow(void)
{
	refcount_t r = REFCOUNT_INIT(1);

	if (refcount_dec_and_test(&r))
		refcount_dec(&r);
}

static int __init hugesvm_bugs_init(void)
{
	if (!strcmp(bug, "kasan")) {
		touch_past_end();
	} else if (!strcmp(bug, "ubsan")) {
		pr_info("shifted: %d\n", 1 << wide);
	} else if (!strcmp(bug, "lock")) {
		take_in_both_orders();
	} else if (!strcmp(bug, "rcu")) {
		pr_info("pointer: %d\n", !!rcu_dereference(rcu_pointer));
	} else if (!strcmp(bug, "atomic")) {
		sleep_under_spinlock();
	} else if (!strcmp(bug, "leak")) {
		lose_memory();
	} else if (!strcmp(bug, "hung")) {
		sleeper = kthread_run(wait_for_ever, NULL, "hugesvm_sleeper");
		if (IS_ERR(sleeper))
			return PTR_ERR(sleeper);
	} else if (!strcmp(bug, "warn")) {
		WARN(1, "on purpose\n");
	} else if (!strcmp(bug, "refcount")) {
		underflow();
	} else if (strcmp(bug, "none")) {
		return -EINVAL;
	}
	return 0;
}

static void __exit hugesvm_bugs_exit(void)
{
	complete_all(&never);
}

module_init(hugesvm_bugs_init);
module_exit(hugesvm_bugs_exit);
MODULE_DESCRIPTION("Bugs on purpose, to test the judge of kernel logs");
MODULE_LICENSE("GPL");
