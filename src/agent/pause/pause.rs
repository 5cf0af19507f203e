//! The process of a pause container: it owns a task's namespaces and does nothing else.
//!
//! As process 1 it must reap orphans and end on SIGTERM or SIGINT. It blocks these signals and waits for them: blocked
//! signals reach process 1 too, so no handler is needed. Static, without the standard library or libc, about a kilobyte.
//!
//! This file is not part of the crate: `build.rs` compiles it by itself, because a program without a standard library
//! makes its system calls by hand, and that is `unsafe`, which the workspace forbids.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};

#[cfg(target_arch = "x86_64")]
mod number {
    pub const RT_SIGPROCMASK: usize = 14;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const WAIT4: usize = 61;
    pub const EXIT_GROUP: usize = 231;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub const RT_SIGPROCMASK: usize = 135;
    pub const RT_SIGTIMEDWAIT: usize = 137;
    pub const WAIT4: usize = 260;
    pub const EXIT_GROUP: usize = 94;
}

const SIGINT: usize = 2;
const SIGTERM: usize = 15;
const SIGCHLD: usize = 17;
const SIG_BLOCK: usize = 0;
const WNOHANG: usize = 1;

// The kernel enters here with the stack aligned as it likes; the ABI of `run` wants it on 16 bytes before the call.
#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "and rsp, -16", "call {run}", run = sym run);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "bl {run}", run = sym run);

extern "C" fn run() -> ! {
    let signals: u64 = 1 << (SIGINT - 1) | 1 << (SIGTERM - 1) | 1 << (SIGCHLD - 1);
    let set = &raw const signals as usize;
    system_call(number::RT_SIGPROCMASK, [SIG_BLOCK, set, 0, size_of::<u64>()]);
    loop {
        match system_call(number::RT_SIGTIMEDWAIT, [set, 0, 0, size_of::<u64>()]) as usize {
            SIGINT | SIGTERM => _ = system_call(number::EXIT_GROUP, [0; 4]),
            _ => while system_call(number::WAIT4, [usize::MAX, 0, WNOHANG, 0]) > 0 {},
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn system_call(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
    let answer;
    // SAFETY: the four calls made above only read the signal set on `run`'s stack, which outlives them, and write
    // nothing; rcx and r11 are what the `syscall` instruction overwrites.
    unsafe {
        asm!("syscall", inlateout("rax") number => answer, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
             out("rcx") _, out("r11") _, options(nostack));
    }
    answer
}

#[cfg(target_arch = "aarch64")]
fn system_call(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
    let answer;
    // SAFETY: the four calls made above only read the signal set on `run`'s stack, which outlives them, and write nothing.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a => answer, in("x1") b, in("x2") c, in("x3") d, options(nostack));
    }
    answer
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
