/* SPDX-License-Identifier: MIT */
#ifndef IGT_NOUVEAU_SVM_PRIV_H
#define IGT_NOUVEAU_SVM_PRIV_H
/* What the files of the library have among themselves. */

struct nsvm;
struct nsvm_channel;

/* nsvm_begin(): what the last subtest left. */
void nsvm_memory_forget(void);
void nsvm_bo_forget(struct nsvm *svm);
void nsvm_model_reset(void);

/* A channel for NSVM_COMPUTE gets what launches need. */
int nsvm_compute_open(struct nsvm_channel *ch);

/* Subchannels, bound by the first method of each; the order is ours. */
#define NSVM_SUBCH_COMPUTE	1u
#define NSVM_SUBCH_COPY		4u

/* Buffers of user space that submissions keep in place: a list to go with the next one. */
int nsvm_submit_with(struct nsvm_channel *ch, const struct nsvm_bo *bos, unsigned int count,
		     uint32_t *seq);

#endif
