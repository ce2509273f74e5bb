/* boot: from the PVH entry (32 bits, no paging, ebx: start info) to C in 64 bits, with identity mapping below 4 GiB. */

#define STACK_SIZE 32768

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18			/* lengths of name and description; XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long pvh_start

	.section .text.boot, "ax"
	.code32
	.globl pvh_start
pvh_start:
	cli
	cld
	mov %ebx, %ebp
	mov $stack_end, %esp

	/* Page tables: 2048 pages of 2 MiB. */
	mov $level4, %eax
	movl $(level3 + 3), (%eax)
	mov $level3, %eax
	movl $(level2 + 3), (%eax)
	movl $(level2 + 0x1000 + 3), 8(%eax)
	movl $(level2 + 0x2000 + 3), 16(%eax)
	movl $(level2 + 0x3000 + 3), 24(%eax)
	mov $level2, %edi
	mov $0x83, %eax			/* present, writable, large */
	mov $2048, %ecx
1:	mov %eax, (%edi)
	add $0x200000, %eax
	add $8, %edi
	dec %ecx
	jnz 1b

	mov %cr4, %eax
	or $0x620, %eax			/* PAE; SSE: OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	mov $level4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx		/* EFER: long mode */
	rdmsr
	or $0x100, %eax
	wrmsr
	mov %cr0, %eax
	and $~0x4, %eax			/* floating point is not emulated */
	or $0x80010002, %eax		/* paging, write protection, monitor coprocessor */
	mov %eax, %cr0
	lgdt gdt_pointer
	ljmp $8, $long_mode

	.code64
long_mode:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $stack_end, %rsp
	mov %ebp, %edi
	call machine_start
	ud2

/* --- exceptions and interrupts: the timer's interrupt wakes the machine, all others stop it --- */

	.text
	.globl trap_table
	.macro trap number, has_code
trap_\number:
	.if \has_code == 0
	push $0
	.endif
	push $\number
	jmp trapped
	.endm

	.irp number, 0,1,2,3,4,5,6,7,9,15,16,18,19,20,22,23,24,25,26,27,28,31
	trap \number, 0
	.endr
	.irp number, 8,10,11,12,13,14,17,21,29,30
	trap \number, 1
	.endr

trapped:
	mov (%rsp), %rdi		/* vector */
	mov 8(%rsp), %rsi		/* error code */
	mov 16(%rsp), %rdx		/* instruction pointer */
	and $-16, %rsp
	call machine_trapped
	ud2

	.globl timer_interrupt
timer_interrupt:
	push %rax
	mov $0xfee000b0, %eax		/* the local APIC's end of interrupt */
	movl $0, (%rax)
	pop %rax
	iretq

	.globl spurious_interrupt
spurious_interrupt:
	iretq

	.section .rodata
	.balign 8
trap_table:
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.quad trap_\number
	.endr
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* code, 64 bits */
	.quad 0x00cf93000000ffff	/* data */
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt

	.bss
	.balign 4096
level4:	.skip 4096
level3:	.skip 4096
level2:	.skip 4 * 4096
	.skip STACK_SIZE
	.globl stack_end
stack_end:
