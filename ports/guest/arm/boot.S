/* boot: entry point on QEMU's -M virt, at EL1, without address translation. */

#define STACK_SIZE 32768

	.section .text.boot, "ax"
	.globl arm_start
arm_start:
	msr daifset, #15		/* mask all interrupts: wfi wakes up nevertheless */
	mov x0, #(3 << 20)
	msr cpacr_el1, x0		/* enable floating point */
	adrp x0, traps
	add x0, x0, :lo12:traps
	msr vbar_el1, x0
	isb
	adrp x0, stack_end
	add x0, x0, :lo12:stack_end
	mov sp, x0
	bl machine_start
1:	wfi
	b 1b

	.text
	.balign 2048
traps:
	.rept 16
	mrs x0, esr_el1
	mrs x1, elr_el1
	bl machine_trapped
	.balign 128
	.endr

	.bss
	.balign 16
	.skip STACK_SIZE
stack_end:
