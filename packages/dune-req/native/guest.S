/* SPDX-License-Identifier: MIT */
/*
 * guest.S - the code that runs inside the guest; see guest.h for where it lies.
 *
 * From guest_kernel on: ring 0 sets up `syscall` and leaves for ring 3; ring 3 scrambles the
 * nonce in EDI together with its own CS (which says ring 3) and makes a system call; ring 0
 * inverts it and says it on PORT_ANSWER; ring 3 goes on and reads a page that is not its
 * own; the fault arrives in ring 0, which says its error code on PORT_FAULT. guest_exits
 * and guest_spin are started on their own and timed.
 */
#include "guest.h"

	.section .rodata
	.globl guest_kernel, guest_kernel_end, guest_fault, guest_trap, guest_exits, guest_spin
guest_kernel:
	mov $MSR_STAR, %ecx
	xor %eax, %eax
	mov $(SYSRET_BASE << 16 | KERNEL_CS), %edx
	wrmsr
	mov $MSR_LSTAR, %ecx
	lea guest_syscall(%rip), %rax
	xor %edx, %edx
	wrmsr
	mov $MSR_SFMASK, %ecx
	mov $RFLAGS_TF_IF_DF, %eax
	wrmsr
	pushq $USER_DS
	pushq $0		/* ring 3 has no stack and needs none */
	pushq $RFLAGS_RESERVED
	pushq $USER_CS
	pushq $GUEST_USER
	iretq

guest_syscall:
	not %eax
	out %eax, $PORT_ANSWER
	sysretq

guest_fault:
	pop %rax
	mov %cr2, %rdx
	out %eax, $PORT_FAULT
	hlt

guest_exits:
	out %eax, $PORT_EXIT
	jmp guest_exits

guest_trap:
	out %eax, $PORT_TRAP
	jmp guest_trap

guest_spin:
	dec %rcx
	jnz guest_spin
	out %eax, $PORT_SPUN
	jmp guest_spin
guest_kernel_end:

	.globl guest_user, guest_user_end
guest_user:
	mov %cs, %esi
	mov %edi, %eax
	rol $SCRAMBLE_BITS, %eax
	xor %esi, %eax
	syscall
	mov GUEST_SECRET, %eax
	syscall			/* not reached where paging works: a second, wrong answer */
guest_user_end:

	.section .note.GNU-stack, "", @progbits
