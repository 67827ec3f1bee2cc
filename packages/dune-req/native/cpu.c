/* SPDX-License-Identifier: MIT */
/*
 * cpu.c - what the processor itself says. The kernel hides VMX or SVM in /proc/cpuinfo
 * when the firmware has locked it; only both views together tell "locked" from "absent".
 */
#include <cpuid.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include "probe.h"

enum {
	MSR_IA32_FEATURE_CONTROL = 0x3a,  /* SDM vol. 4, table 2-2: bit 0 lock, bit 2 VMX outside SMX */
	MSR_VM_CR = (int)0xc0010114,      /* APM vol. 2, 15.30.1: bit 3 lock, bit 4 SVMDIS */
	CPUID_SVM = (int)0x8000000a,      /* APM vol. 3, E.4.9 */
	CPUID_ADDRESS_SIZE = (int)0x80000008,
	CPUID_HYPERVISOR = 0x40000000,
};

/* The 12 characters that leaves 0 and 0x40000000 return in three registers. */
static void report_signature(const char *key, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t words[3] = { a, b, c };
	char text[13] = { 0 };

	memcpy(text, words, 12);
	for (int i = 0; i < 12; i++)
		if (text[i] != 0 && (text[i] < ' ' || text[i] > '~'))
			text[i] = '?';
	report_text(key, text);
}

/* Root with the msr driver loaded only; silent else, because the flags tell most of it. */
static void report_msr(const char *key, uint32_t msr)
{
	uint64_t value;
	int file = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return;
	if (pread(file, &value, sizeof value, msr) == sizeof value)
		report_number(key, (long)value);
	close(file);
}

void probe_cpu(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(0, &a, &b, &c, &d))
		return;
	report_signature("vendor", b, d, c);
	__get_cpuid(1, &a, &b, &c, &d);
	report_number("vmx", c >> 5 & 1);
	unsigned hypervisor = c >> 31;
	report_number("hypervisor", hypervisor);
	if (hypervisor) {
		__cpuid(CPUID_HYPERVISOR, a, b, c, d);
		report_signature("hypervisor_name", b, c, d);
	}
	unsigned svm = __get_cpuid(0x80000001, &a, &b, &c, &d) ? c >> 2 & 1 : 0;
	report_number("svm", svm);
	if (svm && __get_cpuid(CPUID_SVM, &a, &b, &c, &d))
		report_number("svm_features", d);
	if (__get_cpuid(CPUID_ADDRESS_SIZE, &a, &b, &c, &d)) {
		report_number("physical_bits", a & 0xff);
		report_number("virtual_bits", a >> 8 & 0xff);
	}
	report_msr("feature_control", MSR_IA32_FEATURE_CONTROL);
	report_msr("vm_cr", MSR_VM_CR);
}
