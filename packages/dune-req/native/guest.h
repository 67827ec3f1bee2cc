/* SPDX-License-Identifier: MIT */
/*
 * guest.h - the guest that proves KVM: its memory, and what it says on which port.
 * Shared by guest.S, which runs inside, and vm.c and kvm.c, which run it.
 *
 *   guest-physical = guest-virtual        ring 3 may
 *   0x0000  PML4
 *   0x1000  PDPT
 *   0x2000  page directory
 *   0x3000  page table (maps this picture)
 *   0x4000  GDT, TSS
 *   0x5000  IDT
 *   0x6000  ring-0 code
 *   0x7000  ring-0 stack
 *   0x8000  ring-3 code                   read, execute
 *   0x9000  a page for ring 0 alone
 */
#ifndef DUNE_GUEST_H
#define DUNE_GUEST_H

#define GUEST_PML4 0x0000
#define GUEST_PDPT 0x1000
#define GUEST_PD 0x2000
#define GUEST_PT 0x3000
#define GUEST_GDT 0x4000
#define GUEST_TSS 0x4800
#define GUEST_IDT 0x5000
#define GUEST_KERNEL 0x6000
#define GUEST_STACK_TOP 0x8000
#define GUEST_USER 0x8000
#define GUEST_SECRET 0x9000
#define GUEST_SIZE 0xa000

/* Selectors as Linux has them, because `sysret` dictates their order (SDM vol. 3A, 5.8.8). */
#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
#define SYSRET_BASE 0x23
#define USER_DS 0x2b
#define USER_CS 0x33
#define TSS_SELECTOR 0x40

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define RFLAGS_RESERVED 0x2
#define RFLAGS_TF_IF_DF 0x700

/* `out %eax, port`: the one way in which the guest speaks. */
#define PORT_ANSWER 0x10 /* the nonce, scrambled in ring 3 and inverted in ring 0 */
#define PORT_FAULT 0x11  /* error code of a page fault; CR2 in RDX */
#define PORT_TRAP 0x12   /* any other exception */
#define PORT_EXIT 0x13   /* an exit to be timed */
#define PORT_SPUN 0x14   /* the loop has counted down RCX */

#define SCRAMBLE_BITS 7

#ifndef __ASSEMBLER__
/* Offsets into guest_kernel; guest_user begins at its start. */
extern const unsigned char guest_kernel[], guest_kernel_end[], guest_user[], guest_user_end[];
extern const unsigned char guest_fault[], guest_trap[], guest_exits[], guest_spin[];
#endif
#endif
