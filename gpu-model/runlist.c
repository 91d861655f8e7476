// SPDX-License-Identifier: MIT
/*
 * Runlists: which channels there are to run, and the threads that run them.
 *
 * A thread looks for the next channel of its list that is enabled and has
 * something to do, gives up the device lock, lets the PBDMA run it for at most
 * a timeslice, and takes the lock again to see what came of it. While nothing
 * is to be done it sleeps.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "pbdma.h"
#include "pfifo_priv.h"
#include "ptop.h"
#include "ramfc.h"

#define MIN_SLICE_NS	200000ull
#define MAX_SLICE_NS	5000000ull
#define MIN_RETRY_NS	20000ull
#define MAX_RETRY_NS	5000000ull

/* ------------------------------------------------------------------ entries */

#define ENTRY_GROUP		BIT(13)
#define ENTRY_RUNQ		BIT(14)

static u64 timeslice_ns(u32 entry)
{
	u64 ns = (u64)bits32(entry, 25, 18) << bits32(entry, 17, 14) << 10;

	return ns < MIN_SLICE_NS ? MIN_SLICE_NS : ns > MAX_SLICE_NS ? MAX_SLICE_NS : ns;
}

static int copy_engine_of(struct gpu *gpu, u32 runlist)
{
	u32 nr;
	const struct ptop_engine *e = ptop_engines(gpu, &nr);

	for (u32 i = 0; i < nr; i++) {
		if (e[i].type == PTOP_LCE && e[i].runlist == (int)runlist)
			return (int)e[i].inst;
	}
	return -1;
}

/* Takes a list as the driver submits it: groups, each followed by its channels. */
void runlist_submit(struct gpu *gpu, struct runlist *rl, enum gpu_aperture aperture, u64 base, u32 count)
{
	u32 group = 0, left = 0;
	u64 slice = MIN_SLICE_NS;

	if (count > MAX_RUNLIST_ENTRIES) {
		gpu_log(gpu, GPU_LOG_WARN, "runlist %u: %u entries, only %u are read", rl->id, count,
			MAX_RUNLIST_ENTRIES);
		count = MAX_RUNLIST_ENTRIES;
	}
	for (u32 i = 0; i < rl->nr; i++)
		gpu->pfifo->channel[rl->order[i]].runlist = -1;
	rl->nr = 0;
	rl->next = 0;
	for (u32 i = 0; i < count; i++) {
		u32 entry = memory_read32(gpu, aperture, base + 8 * i);
		struct channel *ch;

		if (entry & ENTRY_GROUP) {
			group = bits32(entry, 11, 0);
			left = bits32(entry, 31, 26);
			slice = timeslice_ns(entry);
			continue;
		}
		ch = pfifo_channel(gpu, bits32(entry, 11, 0));
		if (!ch || ch->runlist >= 0) {
			gpu_log(gpu, GPU_LOG_WARN, "runlist %u: entry %u names channel %u, %s", rl->id, i,
				bits32(entry, 11, 0), ch ? "which is listed twice" : "which there is not");
			continue;
		}
		ch->runlist = (int)rl->id;
		ch->runq = !!(entry & ENTRY_RUNQ);
		ch->tsg = left ? group : ch->id;
		ch->timeslice_ns = slice;
		if (ch->state == CHANNEL_IDLE)
			ch->state = CHANNEL_READY;
		left -= left > 0;
		rl->order[rl->nr++] = (u16)ch->id;
	}
	runlist_kick(rl);
}

void runlist_reset(struct runlist *rl)
{
	rl->nr = 0;
	rl->next = 0;
	runlist_let_go(rl);
}

/* ---------------------------------------------------------------- scheduling */

static bool blocked(const struct runlist *rl)
{
	return reg_get(rl->gpu, 0x002630) & BIT(rl->id);
}

/*
 * An acquire that fails without the switch bit does not give the runlist away: its group stays
 * until the end of its timeslice, and only others of the group may run. When nobody else has work
 * then, the next slice is the group's again.
 */
static void keep_runlist(struct runlist *rl, const struct channel *ch)
{
	if (rl->kept.slice_ns && rl->kept.group == ch->tsg)
		return;		/* its time does not begin anew */
	rl->kept.group = ch->tsg;
	rl->kept.slice_ns = ch->timeslice_ns;
	rl->kept.until = ch->slice_end;
	rl->kept.wanted = false;
}

void runlist_let_go(struct runlist *rl)
{
	rl->kept.slice_ns = 0;
}

static bool keeper_waits(const struct runlist *rl)
{
	for (u32 i = 0; i < rl->nr; i++) {
		const struct channel *ch = &rl->gpu->pfifo->channel[rl->order[i]];

		if (ch->tsg == rl->kept.group && ch->bound && ch->enabled && ch->keeps_runlist &&
		    ch->state == CHANNEL_ACQUIRE)
			return true;
	}
	return false;
}

static bool is_kept(struct runlist *rl, u64 now)
{
	if (!rl->kept.slice_ns)
		return false;
	if (!keeper_waits(rl) || (rl->kept.wanted && rl->kept.until <= now))
		runlist_let_go(rl);
	else if (rl->kept.until <= now)
		rl->kept.until += ((now - rl->kept.until) / rl->kept.slice_ns + 1) * rl->kept.slice_ns;
	return rl->kept.slice_ns;
}

static void sooner(u64 *when, u64 at)
{
	if (!*when || at < *when)
		*when = at;
}

/* The next channel to run, or NULL, then @when is when to look again (0: never by itself). */
static struct channel *pick(struct runlist *rl, u64 *when)
{
	u64 now = host_ns();
	bool kept = is_kept(rl, now);

	*when = 0;
	if (blocked(rl))
		return NULL;
	for (u32 i = 0; i < rl->nr; i++) {
		u32 at = (rl->next + i) % rl->nr;
		struct channel *ch = &rl->gpu->pfifo->channel[rl->order[at]];

		if (!ch->bound || !ch->enabled || ch->running ||
		    (ch->state != CHANNEL_READY && ch->state != CHANNEL_ACQUIRE))
			continue;
		if (kept && ch->tsg != rl->kept.group) {
			rl->kept.wanted = true;
			sooner(when, rl->kept.until);
		} else if (ch->state == CHANNEL_ACQUIRE && ch->retry_at > now) {
			sooner(when, ch->retry_at);
		} else {
			rl->next = (at + 1) % rl->nr;
			return ch;
		}
	}
	return NULL;
}

static void sleep_until(struct runlist *rl, u64 when)
{
	struct timespec ts = { (time_t)(when / 1000000000ull), (long)(when % 1000000000ull) };

	if (when)
		pthread_cond_timedwait(&rl->wake, &rl->gpu->lock, &ts);
	else
		pthread_cond_wait(&rl->wake, &rl->gpu->lock);
}

/* A release may be what another channel waits for. */
static void wake_acquires(struct gpu *gpu)
{
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		struct channel *ch = &gpu->pfifo->channel[i];

		if (ch->state == CHANNEL_ACQUIRE)
			ch->retry_at = 0;
	}
	runlist_kick_all(gpu);
}

static void settle_wait(struct runlist *rl, struct channel *ch)
{
	ch->retry_ns = ch->state != CHANNEL_ACQUIRE ? MIN_RETRY_NS : ch->retry_ns * 2;
	if (ch->retry_ns > MAX_RETRY_NS)
		ch->retry_ns = MAX_RETRY_NS;
	ch->state = CHANNEL_ACQUIRE;
	ch->retry_at = host_ns() + ch->retry_ns;
	if (ch->keeps_runlist)
		keep_runlist(rl, ch);
}

static void settle_fault(struct gpu *gpu, struct channel *ch)
{
	if (ch->fault_replayable) {
		ch->state = CHANNEL_FAULTED;
		fault_post_replayable(gpu, &ch->fault);
	} else {
		pfifo_kill(gpu, ch);
		fault_post_fatal(gpu, &ch->fault);
	}
}

/* A group that had to let go takes its next turn as soon as there is one. */
static void resume_keepers(struct runlist *rl)
{
	for (u32 i = 0; i < rl->nr; i++) {
		struct channel *ch = &rl->gpu->pfifo->channel[rl->order[i]];

		if (ch->state == CHANNEL_ACQUIRE && ch->keeps_runlist && !rl->kept.slice_ns)
			ch->retry_at = 0;
	}
}

/* What came of a slice; @replays: how many there had been when it began. */
static void settle(struct runlist *rl, struct channel *ch, enum engine_result result, u64 replays)
{
	struct gpu *gpu = rl->gpu;

	ch->running = false;
	atomic_store(&ch->yield, false);
	atomic_store(&ch->stop, false);
	atomic_store(&ch->on_engine, NULL);
	if (ch->stale) {
		channel_clear(ch);
		return;
	}
	ramfc_save(ch);
	if (ch->state == CHANNEL_DEAD)
		return;
	switch (result) {
	case ENGINE_OK:
		ch->state = ch->bell ? CHANNEL_READY : CHANNEL_IDLE;
		break;
	case ENGINE_AGAIN:
		ch->state = CHANNEL_READY;
		break;
	case ENGINE_WAIT:
		settle_wait(rl, ch);
		break;
	case ENGINE_FAULT:
		settle_fault(gpu, ch);
		break;
	case ENGINE_STALLED:
		ch->state = gpu->pfifo->replays != replays ? CHANNEL_READY : CHANNEL_FAULTED;
		break;
	case ENGINE_DEAD:
		pfifo_kill(gpu, ch);
		break;
	case ENGINE_ERROR:
		if (pbdma_trap(gpu, ch))
			ch->state = CHANNEL_TRAPPED;
		else
			settle_wait(rl, ch);	/* the PBDMA has another one to report first */
		break;
	}
}

static void run(struct runlist *rl, struct channel *ch)
{
	struct gpu *gpu = rl->gpu;
	u64 replays = gpu->pfifo->replays, start = host_ns(), slice_ns, ns;
	enum engine_result result;
	bool fresh = ch->state == CHANNEL_READY;

	if (!ch->loaded && !ramfc_load(ch)) {
		gpu_log(gpu, GPU_LOG_WARN, "channel %u: no usable instance block at %llx", ch->id,
			(unsigned long long)ch->inst);
		pfifo_kill(gpu, ch);
		return;
	}
	ch->loaded = true;
	ch->running = true;
	ch->bell = false;
	ch->keeps_runlist = false;
	slice_ns = ch->timeslice_ns;
	ch->on_runlist = rl->id;
	ch->on_pbdma = pfifo_pbdma_of(gpu, ch);
	ch->copy_engine = copy_engine_of(gpu, rl->id);
	rl->current = ch;
	gpu_unlock(gpu);
	if (fresh && pbdma_has_work(ch))
		channel_delay(ch);
	/* Its time begins now: a delay longer than the slice must not leave room for nothing. */
	ch->slice_end = host_ns() + slice_ns;
	result = pbdma_run(ch);
	gpu_lock(gpu);
	rl->current = NULL;
	ns = host_ns() - start;
	rl->busy_ns += ns;
	counter_add(gpu, CTR_BUSY_NS, ns);
	settle(rl, ch, result, replays);
	resume_keepers(rl);
	if (ch->released) {
		ch->released = false;
		wake_acquires(gpu);
	}
	pfifo_preempt_check(gpu);
}

static void *runlist_thread(void *arg)
{
	struct runlist *rl = arg;
	struct gpu *gpu = rl->gpu;

	gpu_lock(gpu);
	while (!gpu->pfifo->quit) {
		u64 when;
		struct channel *ch = pick(rl, &when);

		if (ch)
			run(rl, ch);
		else
			sleep_until(rl, when);
	}
	gpu_unlock(gpu);
	return NULL;
}

int runlist_start(struct gpu *gpu, struct runlist *rl, u32 id)
{
	pthread_condattr_t attr;
	int r;

	rl->gpu = gpu;
	rl->id = id;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&rl->wake, &attr);
	pthread_condattr_destroy(&attr);
	r = pthread_create(&rl->thread, NULL, runlist_thread, rl);
	rl->started = !r;
	return -r;
}

void runlist_kick(struct runlist *rl)
{
	pthread_cond_signal(&rl->wake);
}

void runlist_kick_all(struct gpu *gpu)
{
	for (u32 i = 0; i < gpu->pfifo->nr_runlists; i++)
		runlist_kick(&gpu->pfifo->runlist[i]);
}

/* Device lock not held. */
void runlist_stop(struct gpu *gpu)
{
	struct pfifo *pf = gpu->pfifo;

	gpu_lock(gpu);
	pf->quit = true;
	for (u32 i = 0; i < NR_CHANNELS; i++)
		atomic_store(&pf->channel[i].stop, true);
	runlist_kick_all(gpu);
	gpu_unlock(gpu);
	for (u32 i = 0; i < MAX_RUNLISTS; i++) {
		if (!pf->runlist[i].started)
			continue;
		pthread_join(pf->runlist[i].thread, NULL);
		pthread_cond_destroy(&pf->runlist[i].wake);
		pf->runlist[i].started = false;
	}
}
