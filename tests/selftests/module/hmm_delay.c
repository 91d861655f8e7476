// SPDX-License-Identifier: GPL-2.0
/*
 * Makes races happen: a task that enters a named kernel function waits there,
 * for a time, or until another task enters another named function. For tests
 * only, in guests that nothing else depends on.
 *
 * /sys/kernel/debug/hmm_delay/rules, one rule a write:
 *
 *   at FUNCTION delay USECS [COUNT]		the next COUNT entries wait so long
 *   at FUNCTION until OTHER USECS [COUNT]	... until OTHER is entered by
 *						another task, at most so long
 *   clear					no rules any more
 *
 * Reading it gives a line for each rule: function, entries, waits, and how many
 * of these ended because OTHER was entered.
 *
 * The wait spins with preemption off, for that is how kprobes run; it is
 * bounded, and meant for machines with a CPU to spare for the other task.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define MAX_USECS	500000UL
#define MAX_RULES	16
#define MAX_NAME	64

/**
 * struct rule - one function, and what happens at its entry
 * @link: in rules
 * @kprobe: at @function
 * @other: entered by another task, it ends the wait; unused without @has_other
 * @has_other: whether there is one
 * @function: name of the function
 * @other_name: name of @other's function
 * @usecs: longest wait
 * @left: how many entries wait yet
 * @entries: entries seen
 * @waits: entries that waited
 * @met: waits that ended because of @other
 * @waiting: the task that waits; it does not end its own wait
 * @other_entries: entries into @other by tasks other than @waiting
 */
struct rule {
	struct list_head	link;
	struct kprobe		kprobe;
	struct kprobe		other;
	bool			has_other;
	char			function[MAX_NAME];
	char			other_name[MAX_NAME];
	unsigned long		usecs;
	atomic_t		left;
	atomic_t		entries;
	atomic_t		waits;
	atomic_t		met;
	struct task_struct	*waiting;
	atomic_t		other_entries;
};

static LIST_HEAD(rules);
static DEFINE_MUTEX(rules_lock);	/* rules, and their making and unmaking */
static unsigned int nr_rules;
static struct dentry *directory;

static int rule_wait(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct rule *rule = container_of(kprobe, struct rule, kprobe);
	int before = atomic_read(&rule->other_entries);
	u64 end;

	atomic_inc(&rule->entries);
	if (atomic_dec_if_positive(&rule->left) < 0)
		return 0;

	WRITE_ONCE(rule->waiting, current);
	atomic_inc(&rule->waits);
	end = ktime_get_ns() + rule->usecs * NSEC_PER_USEC;
	while (ktime_get_ns() < end) {
		if (rule->has_other &&
		    atomic_read(&rule->other_entries) != before) {
			atomic_inc(&rule->met);
			break;
		}
		udelay(10);
	}
	WRITE_ONCE(rule->waiting, NULL);
	return 0;
}
NOKPROBE_SYMBOL(rule_wait);

static int rule_other(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct rule *rule = container_of(kprobe, struct rule, other);

	if (READ_ONCE(rule->waiting) != current)
		atomic_inc(&rule->other_entries);
	return 0;
}
NOKPROBE_SYMBOL(rule_other);

static void rule_remove(struct rule *rule)
{
	/* Returns only when no task is in the handlers any more. */
	unregister_kprobe(&rule->kprobe);
	if (rule->has_other)
		unregister_kprobe(&rule->other);
	list_del(&rule->link);
	nr_rules--;
	kfree(rule);
}

static void rules_clear(void)
{
	struct rule *rule, *tmp;

	lockdep_assert_held(&rules_lock);
	list_for_each_entry_safe(rule, tmp, &rules, link)
		rule_remove(rule);
}

static int rule_register(struct rule *rule)
{
	int ret;

	if (rule->has_other) {
		rule->other.symbol_name = rule->other_name;
		rule->other.pre_handler = rule_other;
		ret = register_kprobe(&rule->other);
		if (ret)
			return ret;
	}
	rule->kprobe.symbol_name = rule->function;
	rule->kprobe.pre_handler = rule_wait;
	ret = register_kprobe(&rule->kprobe);
	if (ret && rule->has_other)
		unregister_kprobe(&rule->other);
	return ret;
}

static int rule_parse(struct rule *rule, const char *text)
{
	unsigned int count = 1;
	int n;

	n = sscanf(text, "at %63s delay %lu %u", rule->function, &rule->usecs,
		   &count);
	if (n < 2) {
		n = sscanf(text, "at %63s until %63s %lu %u", rule->function,
			   rule->other_name, &rule->usecs, &count);
		if (n < 3)
			return -EINVAL;
		rule->has_other = true;
	}
	if (rule->usecs > MAX_USECS || count > INT_MAX)
		return -ERANGE;
	atomic_set(&rule->left, count);
	return 0;
}

static int rule_add(const char *text)
{
	struct rule *rule;
	int ret;

	lockdep_assert_held(&rules_lock);
	if (nr_rules == MAX_RULES)
		return -ENOSPC;
	rule = kzalloc(sizeof(*rule), GFP_KERNEL);
	if (!rule)
		return -ENOMEM;
	ret = rule_parse(rule, text);
	if (!ret)
		ret = rule_register(rule);
	if (ret) {
		kfree(rule);
		return ret;
	}
	list_add_tail(&rule->link, &rules);
	nr_rules++;
	return 0;
}

static ssize_t rules_write(struct file *file, const char __user *from,
			   size_t size, loff_t *pos)
{
	char text[256];
	int ret = 0;

	if (size >= sizeof(text))
		return -E2BIG;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	text[size] = '\0';

	mutex_lock(&rules_lock);
	if (sysfs_streq(text, "clear"))
		rules_clear();
	else
		ret = rule_add(text);
	mutex_unlock(&rules_lock);
	return ret ? ret : size;
}

static int rules_show(struct seq_file *seq, void *unused)
{
	struct rule *rule;

	mutex_lock(&rules_lock);
	list_for_each_entry(rule, &rules, link)
		seq_printf(seq, "%s %d %d %d\n", rule->function,
			   atomic_read(&rule->entries),
			   atomic_read(&rule->waits),
			   atomic_read(&rule->met));
	mutex_unlock(&rules_lock);
	return 0;
}

static int rules_open(struct inode *inode, struct file *file)
{
	return single_open(file, rules_show, NULL);
}

static const struct file_operations rules_fops = {
	.owner		= THIS_MODULE,
	.open		= rules_open,
	.read		= seq_read,
	.write		= rules_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init hmm_delay_init(void)
{
	directory = debugfs_create_dir("hmm_delay", NULL);
	debugfs_create_file("rules", 0600, directory, NULL, &rules_fops);
	return 0;
}

static void __exit hmm_delay_exit(void)
{
	debugfs_remove(directory);
	mutex_lock(&rules_lock);
	rules_clear();
	mutex_unlock(&rules_lock);
}

module_init(hmm_delay_init);
module_exit(hmm_delay_exit);
MODULE_DESCRIPTION("Delays at named functions, for tests of races");
MODULE_LICENSE("GPL");
