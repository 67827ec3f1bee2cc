/* SPDX-License-Identifier: MIT */
/* kvm.c - runs the guest of guest.S on /dev/kvm, verifies what it says, and times it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"
#include "probe.h"
#include "vm.h"

/* Both measurements end on the clock, because a KVM that interprets is a thousand times slower. */
#define EXIT_BUDGET_NS 20000000ll
#define SPIN_ENOUGH_NS 4000000ll
#define MAX_EXITS 2000
#define MAX_SPINS (1ul << 24)
#define SPIN_INSTRUCTIONS 2 /* dec, jnz */

/* P=0 is clear and U=1 set: ring 3 was refused a page that is present (SDM vol. 3A, 4.7). */
#define FAULT_REFUSED_READ 5u

static const struct { const char *name; int number; } capabilities[] = {
	{ "sync_regs", KVM_CAP_SYNC_REGS },
	{ "immediate_exit", KVM_CAP_IMMEDIATE_EXIT },
	{ "memslots", KVM_CAP_NR_MEMSLOTS },
	{ "max_vcpus", KVM_CAP_MAX_VCPUS },
	{ "xsave", KVM_CAP_XSAVE },
	{ "xcrs", KVM_CAP_XCRS },
	{ "readonly_memory", KVM_CAP_READONLY_MEM },
	{ "quirks2", 213 /* KVM_CAP_DISABLE_QUIRKS2, newer than some headers */ },
	{ "tsc_khz", KVM_CAP_GET_TSC_KHZ },
};

static void report_capabilities(const struct vm *vm)
{
	char key[64] = "cap.";

	for (unsigned i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
		strcpy(key + 4, capabilities[i].name);
		report_number(key, ioctl(vm->kvm, KVM_CHECK_EXTENSION, capabilities[i].number));
	}
}

/* What a guest's CPUID would say (SDM vol. 2A, CPUID; APM vol. 3, appendix E). */
static void report_guest_cpu(const struct vm *vm)
{
	enum { EAX, EBX, ECX, EDX };
	const unsigned extended = vm_cpuid(vm, 0x80000001, EDX), structured = vm_cpuid(vm, 7, EBX);

	report_number("guest.gigabyte_pages", extended >> 26 & 1);
	report_number("guest.nx", extended >> 20 & 1);
	report_number("guest.xsave", vm_cpuid(vm, 1, ECX) >> 26 & 1);
	report_number("guest.fsgsbase", structured & 1);
	report_number("guest.smep", structured >> 7 & 1);
	report_number("guest.smap", structured >> 20 & 1);
	report_number("guest.umip", vm_cpuid(vm, 7, ECX) >> 2 & 1);
	report_number("guest.physical_bits", vm_cpuid(vm, 0x80000008, EAX) & 0xff);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* Run until the guest says something on `port`; EPROTO if it does anything else. */
static int run_to(struct vm *vm, unsigned port, uint32_t *said)
{
	while (ioctl(vm->vcpu, KVM_RUN, 0) < 0)
		if (errno != EINTR && errno != EAGAIN)
			return -1;
	const struct kvm_run *run = vm->run;
	if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == port) {
		memcpy(said, (const char *)run + run->io.data_offset, sizeof *said);
		return 0;
	}
	report_number("exit_reason", run->exit_reason);
	if (run->exit_reason == KVM_EXIT_IO) {
		report_number("exit_port", run->io.port);
		report_number("exit_value", *(const uint32_t *)((const char *)run + run->io.data_offset));
	}
	if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		report_number("hardware_reason", (long)run->fail_entry.hardware_entry_failure_reason);
	errno = EPROTO;
	return -1;
}

/* The scrambled nonce shows that both rings ran; nothing else could have said it. */
static int expect_answer(struct vm *vm, uint32_t nonce)
{
	const uint32_t scrambled = (nonce << SCRAMBLE_BITS | nonce >> (32 - SCRAMBLE_BITS)) ^ USER_CS;
	uint32_t said;

	report_begin("answer");
	if (report_step("answer", run_to(vm, PORT_ANSWER, &said)) < 0)
		return -1;
	errno = EPROTO;
	return report_step("answer_right", said == ~scrambled ? 0 : -1);
}

static int expect_fault(struct vm *vm)
{
	struct kvm_regs regs;
	uint32_t said;

	report_begin("fault");
	if (report_step("fault", run_to(vm, PORT_FAULT, &said)) < 0)
		return -1;
	if (report_step("read_registers", ioctl(vm->vcpu, KVM_GET_REGS, &regs)) < 0)
		return -1;
	errno = EPROTO;
	return report_step("fault_right", said == FAULT_REFUSED_READ && regs.rdx == GUEST_SECRET ? 0 : -1);
}

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Median nanoseconds of one port exit and re-entry, or -1. */
static int64_t time_exits(struct vm *vm)
{
	static int64_t samples[MAX_EXITS];
	uint32_t said;
	int count = 0;

	/* The first exit pays for filling caches and page tables. */
	if (vm_jump(vm, guest_exits, 0) < 0 || run_to(vm, PORT_EXIT, &said) < 0)
		return -1;
	int64_t begin = now(), last = begin;
	while (count < MAX_EXITS && last - begin < EXIT_BUDGET_NS) {
		if (run_to(vm, PORT_EXIT, &said) < 0)
			return -1;
		int64_t time = now();
		samples[count++] = time - last;
		last = time;
	}
	qsort(samples, count, sizeof samples[0], by_value);
	report_number("exits", count);
	return samples[count / 2];
}

static int64_t time_spins(struct vm *vm, uint64_t spins)
{
	uint32_t said;

	if (vm_jump(vm, guest_spin, spins) < 0)
		return -1;
	int64_t begin = now();
	return run_to(vm, PORT_SPUN, &said) < 0 ? -1 : now() - begin;
}

/* Picoseconds of one instruction of a plain loop, or -1: a loop long enough to see, the best of three. */
static int64_t time_instruction(struct vm *vm, int64_t exit_ns)
{
	int64_t best = 0;
	uint64_t spins = 500;

	while ((best = time_spins(vm, spins)) >= 0 && best < SPIN_ENOUGH_NS && spins < MAX_SPINS)
		spins *= 4;
	for (int i = 0; i < 2 && best >= 0; i++) {
		int64_t time = time_spins(vm, spins);
		if (time < best)
			best = time;
	}
	if (best < 0)
		return -1;
	report_number("instructions", (long)(spins * SPIN_INSTRUCTIONS));
	return best <= exit_ns ? 0 : (best - exit_ns) * 1000 / (int64_t)(spins * SPIN_INSTRUCTIONS);
}

/* In ring 0 and before anything else: a KVM that fails at the rest still shows what it is by its speed. */
static void measure(struct vm *vm)
{
	report_begin("exits");
	int64_t exit_ns = time_exits(vm);
	if (report_step("exits", exit_ns) < 0)
		return;
	report_number("exit_ps", (long)(exit_ns * 1000));
	report_begin("spin");
	int64_t instruction_ps = time_instruction(vm, exit_ns);
	if (report_step("spin", instruction_ps) >= 0)
		report_number("instruction_ps", (long)instruction_ps);
}

void probe_kvm(void)
{
	static struct vm vm;
	uint32_t nonce;

	if (vm_open(&vm) < 0)
		return;
	report_capabilities(&vm);
	if (vm_create(&vm) < 0)
		return;
	report_guest_cpu(&vm);
	/* Any value serves that the guest cannot know beforehand. */
	if (syscall(SYS_getrandom, &nonce, sizeof nonce, 1 /* GRND_NONBLOCK */) != sizeof nonce)
		nonce = (uint32_t)now() * 2654435761u;
	if (vm_boot(&vm) < 0)
		return;
	measure(&vm);
	report_begin("start");
	if (report_step("start", vm_jump(&vm, guest_kernel, nonce)) == 0 && expect_answer(&vm, nonce) == 0)
		expect_fault(&vm);
}
