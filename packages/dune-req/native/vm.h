/* SPDX-License-Identifier: MIT */
/* vm.h - one virtual machine with one vCPU and GUEST_SIZE bytes of memory. */
#ifndef DUNE_VM_H
#define DUNE_VM_H

#include <stddef.h>
#include <stdint.h>
#include <linux/kvm.h>

#define CPUID_ENTRIES 256

struct cpuid {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[CPUID_ENTRIES];
};

struct vm {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	unsigned char *memory;
	struct cpuid cpuid; /* what KVM can give a guest */
};

/* Each reports its steps and returns 0, or -1 at the first that fails. */
int vm_open(struct vm *vm);
int vm_create(struct vm *vm);
int vm_boot(struct vm *vm);

/* Let ring 0 go on at `code`, a label in guest_kernel, with `argument` in RCX and RDI; 0, or -1 with errno. */
int vm_jump(struct vm *vm, const unsigned char *code, uint64_t argument);

/* The register `reg` (0 EAX .. 3 EDX) of a CPUID leaf, subleaf 0, as a guest would see it. */
unsigned vm_cpuid(const struct vm *vm, unsigned leaf, int reg);

#endif
