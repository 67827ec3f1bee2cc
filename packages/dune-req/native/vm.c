/* SPDX-License-Identifier: MIT */
/* vm.c - making a virtual machine that starts in long mode, ring 0. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "guest.h"
#include "probe.h"
#include "vm.h"

/* Page-table entry (SDM vol. 3A, 4.5) */
#define PTE_PRESENT 1ull
#define PTE_WRITE 2ull
#define PTE_USER 4ull

#define CR0_LONG_MODE 0x80050033ull /* PG AM WP NE ET MP PE */
#define CR4_PAE 0x20ull
#define EFER_SCE 0x001ull
#define EFER_LME_LMA 0x500ull

/* Three pages that Intel without "unrestricted guest" needs, away from our memory. */
#define INTEL_TSS_ADDRESS 0xfffbd000ul

int vm_open(struct vm *vm)
{
	report_begin("open");
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (report_step("open", vm->kvm) < 0)
		return -1;
	int version = ioctl(vm->kvm, KVM_GET_API_VERSION, 0);
	if (version >= 0 && version != KVM_API_VERSION) {
		errno = EPROTO;
		version = -1;
	}
	return report_step("api", version) < 0 ? -1 : 0;
}

static int map_memory(struct vm *vm)
{
	vm->memory = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		return -1;
	struct kvm_userspace_memory_region region = {
		.memory_size = GUEST_SIZE,
		.userspace_addr = (uintptr_t)vm->memory,
	};
	return ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int map_run(struct vm *vm)
{
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (size < 0)
		return -1;
	vm->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	return vm->run == MAP_FAILED ? -1 : 0;
}

int vm_create(struct vm *vm)
{
	vm->cpuid.head.nent = CPUID_ENTRIES;
	report_begin("cpuid");
	if (report_step("cpuid", ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, &vm->cpuid)) < 0)
		return -1;
	report_begin("vm");
	vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (report_step("vm", vm->vm) < 0)
		return -1;
	/* Only Intel knows it, and only old Intel needs it. */
	ioctl(vm->vm, KVM_SET_TSS_ADDR, INTEL_TSS_ADDRESS);
	report_begin("memory");
	if (report_step("memory", map_memory(vm)) < 0)
		return -1;
	report_begin("vcpu");
	vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0);
	if (report_step("vcpu", vm->vcpu) < 0)
		return -1;
	return report_step("run_page", map_run(vm)) < 0 ? -1 : 0;
}

unsigned vm_cpuid(const struct vm *vm, unsigned leaf, int reg)
{
	for (unsigned i = 0; i < vm->cpuid.head.nent; i++) {
		const struct kvm_cpuid_entry2 *entry = &vm->cpuid.entries[i];
		const unsigned values[4] = { entry->eax, entry->ebx, entry->ecx, entry->edx };

		if (entry->function == leaf && entry->index == 0)
			return values[reg];
	}
	return 0;
}

static void put(struct vm *vm, unsigned address, uint64_t value)
{
	memcpy(vm->memory + address, &value, sizeof value);
}

static void write_page_tables(struct vm *vm)
{
	const uint64_t all = PTE_PRESENT | PTE_WRITE | PTE_USER;

	put(vm, GUEST_PML4, GUEST_PDPT | all);
	put(vm, GUEST_PDPT, GUEST_PD | all);
	put(vm, GUEST_PD, GUEST_PT | all);
	for (unsigned page = 0; page < GUEST_SIZE; page += 0x1000)
		put(vm, GUEST_PT + page / 0x1000 * 8,
		    page | (page == GUEST_USER ? PTE_PRESENT | PTE_USER : PTE_PRESENT | PTE_WRITE));
}

/*
 * Segment descriptors (SDM vol. 3A, 3.4.5) with the accessed bit already set: a processor
 * that has to set it on iretq would fault where the GDT is read-only.
 */
static void write_gdt(struct vm *vm)
{
	const uint64_t tss_limit = 0x67;

	put(vm, GUEST_GDT + KERNEL_CS, 0x00af9b000000ffff);
	put(vm, GUEST_GDT + KERNEL_DS, 0x00cf93000000ffff);
	put(vm, GUEST_GDT + (USER_DS & ~7), 0x00cff3000000ffff);
	put(vm, GUEST_GDT + (USER_CS & ~7), 0x00affb000000ffff);
	put(vm, GUEST_GDT + TSS_SELECTOR, 0x00008b0000000000 | (uint64_t)GUEST_TSS << 16 | tss_limit);
	put(vm, GUEST_GDT + TSS_SELECTOR + 8, 0);
	put(vm, GUEST_TSS + 4, GUEST_STACK_TOP); /* RSP0 */
}

/* 64-bit interrupt gates (SDM vol. 3A, 6.14.1): present, DPL 0, type 14. */
static void write_idt(struct vm *vm)
{
	enum { VECTORS = 32, PAGE_FAULT = 14 };

	for (unsigned vector = 0; vector < VECTORS; vector++) {
		const unsigned char *handler = vector == PAGE_FAULT ? guest_fault : guest_trap;
		uint64_t offset = GUEST_KERNEL + (handler - guest_kernel);

		put(vm, GUEST_IDT + vector * 16, offset | (uint64_t)KERNEL_CS << 16 | 0x8e00ull << 32);
		put(vm, GUEST_IDT + vector * 16 + 8, 0);
	}
}

static struct kvm_segment segment(unsigned short selector, unsigned char type)
{
	return (struct kvm_segment){
		.limit = 0xffffffff, .selector = selector, .type = type,
		.present = 1, .s = 1, .g = 1, .dpl = selector & 3,
	};
}

static int set_long_mode(struct vm *vm)
{
	struct kvm_sregs sregs;

	if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	sregs.cr0 = CR0_LONG_MODE;
	sregs.cr3 = GUEST_PML4;
	sregs.cr4 = CR4_PAE;
	sregs.efer = EFER_SCE | EFER_LME_LMA;
	sregs.cs = segment(KERNEL_CS, 0xb);
	sregs.cs.l = 1;
	sregs.ss = sregs.ds = sregs.es = sregs.fs = sregs.gs = segment(KERNEL_DS, 0x3);
	sregs.ss.db = 1;
	sregs.tr = (struct kvm_segment){
		.base = GUEST_TSS, .limit = 0x67, .selector = TSS_SELECTOR, .type = 0xb, .present = 1,
	};
	sregs.gdt = (struct kvm_dtable){ .base = GUEST_GDT, .limit = TSS_SELECTOR + 15 };
	sregs.idt = (struct kvm_dtable){ .base = GUEST_IDT, .limit = 32 * 16 - 1 };
	return ioctl(vm->vcpu, KVM_SET_SREGS, &sregs);
}

int vm_boot(struct vm *vm)
{
	write_page_tables(vm);
	write_gdt(vm);
	write_idt(vm);
	memcpy(vm->memory + GUEST_KERNEL, guest_kernel, guest_kernel_end - guest_kernel);
	memcpy(vm->memory + GUEST_USER, guest_user, guest_user_end - guest_user);
	report_begin("registers");
	if (report_step("set_cpuid", ioctl(vm->vcpu, KVM_SET_CPUID2, &vm->cpuid)) < 0 ||
	    report_step("long_mode", set_long_mode(vm)) < 0)
		return -1;
	return 0;
}

int vm_jump(struct vm *vm, const unsigned char *code, uint64_t argument)
{
	struct kvm_regs regs = {
		.rip = GUEST_KERNEL + (code - guest_kernel), .rsp = GUEST_STACK_TOP, .rflags = RFLAGS_RESERVED,
		.rcx = argument, .rdi = argument,
	};

	return ioctl(vm->vcpu, KVM_SET_REGS, &regs);
}
