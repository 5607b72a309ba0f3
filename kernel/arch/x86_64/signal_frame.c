/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_frame.c - what a signal handler finds on the stack, and how its return
 * is undone: Linux's x86-64 layout.
 *
 * From high to low addresses: [red zone of the interrupted function, 128 bytes,
 * System V ABI 3.2.2] [FPU image, 64-byte aligned, FP_XSTATE_MAGIC2 at its end]
 * [struct rt_sigframe: return address, ucontext, siginfo].
 *
 * Everything in the frame is the program's to change. What comes back is
 * checked before any of it is used: addresses must be the user's, the segments
 * are fixed, privileged flags are not taken, and the FPU image must be one
 * XRSTOR accepts; else the program gets SIGSEGV.
 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <linux/signal.h>

#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/user.h"
#include "sched/cpu.h"
#include "sched/thread.h"

#define RED_ZONE       128
#define SIGINFO_SIZE   128
#define SS_AUTODISARM_ (1u << 31)
#define SW_OFFSET      offsetof(struct _fpstate_64, sw_reserved)

struct rt_sigframe {
    uint64_t pretcode;
    struct ucontext uc;
    char info[SIGINFO_SIZE];
};
_Static_assert(sizeof(struct ucontext) == 304, "Linux x86-64 ABI");
_Static_assert(sizeof(struct rt_sigframe) == 440, "Linux x86-64 ABI");

static size_t fp_image_size(void)
{
    return arch_fpu_size() + (fpu_uses_xsave() ? FP_XSTATE_MAGIC2_SIZE : 0);
}

size_t arch_min_sigstack(void)
{
    /* Alignment of the image and of the frame, worst case. */
    return ALIGN_UP(sizeof(struct rt_sigframe) + fp_image_size() + 64 + 16,
                    16ul);
}

static bool on_altstack(uint64_t sp)
{
    return current->altstack_size &&
           sp - current->altstack_sp - 1 < current->altstack_size;
}

/* Where the FPU image and the frame go; 0 if they do not fit. */
static uint64_t place(const struct signal_delivery *d, uint64_t rsp,
                      uint64_t *fp)
{
    bool alt = d->on_altstack || on_altstack(rsp);
    uint64_t sp = rsp - RED_ZONE;

    if (d->on_altstack)
        sp = current->altstack_sp + current->altstack_size;
    *fp = ALIGN_DOWN(sp - fp_image_size(), 64ul);
    /* As after a call: (sp + 8) is a multiple of 16 at function entry. */
    sp = ALIGN_DOWN(*fp - sizeof(struct rt_sigframe), 16ul) - 8;
    if (sp >= USER_TOP || *fp >= USER_TOP)
        return 0;
    if (alt && current->altstack_size &&
        !(current->altstack_flags & SS_AUTODISARM_) && !on_altstack(sp))
        return 0;
    return sp;
}

static int write_fp_image(uint64_t at)
{
    struct _fpx_sw_bytes sw = {0};
    uint32_t magic2 = FP_XSTATE_MAGIC2;
    char *to = (char *)at;

    arch_fpu_save_current();
    if (copy_to_user(to, current->arch.fpu, arch_fpu_size()))
        return -EFAULT;
    if (fpu_uses_xsave()) {
        sw.magic1 = FP_XSTATE_MAGIC1;
        sw.extended_size = (uint32_t)fp_image_size();
        sw.xfeatures = fpu_features();
        sw.xstate_size = (uint32_t)arch_fpu_size();
        if (copy_to_user(to + arch_fpu_size(), &magic2, sizeof(magic2)))
            return -EFAULT;
    }
    return copy_to_user(to + SW_OFFSET, &sw, sizeof(sw));
}

// clang-format off
static void fill_context(struct sigcontext *sc, const struct trapframe *f,
                         uint64_t mask, uint64_t fp)
{
    const struct arch_thread *a = &current->arch;

    *sc = (struct sigcontext){
        .r8 = f->r8, .r9 = f->r9, .r10 = f->r10, .r11 = f->r11,
        .r12 = f->r12, .r13 = f->r13, .r14 = f->r14, .r15 = f->r15,
        .rdi = f->rdi, .rsi = f->rsi, .rbp = f->rbp, .rbx = f->rbx,
        .rdx = f->rdx, .rax = f->rax, .rcx = f->rcx, .rsp = f->rsp,
        .rip = f->rip, .eflags = f->rflags,
        .cs = USER_CS, .ss = USER_DS,
        .err = a->fault_error, .trapno = a->fault_vector,
        .oldmask = mask, .cr2 = a->fault_address,
        .fpstate = (struct _fpstate *)fp,
    };
}
// clang-format on

static void save_altstack(stack_t *s)
{
    struct thread *t = current;

    s->ss_sp = (void *)t->altstack_sp;
    s->ss_flags = (int)t->altstack_flags;
    s->ss_size = t->altstack_size;
    if (t->altstack_flags & SS_AUTODISARM_) {
        t->altstack_sp = 0;
        t->altstack_size = 0;
        t->altstack_flags = SS_DISABLE;
    }
}

static void enter_handler(struct trapframe *f, const struct signal_delivery *d,
                          uint64_t sp)
{
    f->rdi = (uint64_t)d->signo;
    f->rsi = sp + offsetof(struct rt_sigframe, info);
    f->rdx = sp + offsetof(struct rt_sigframe, uc);
    f->rax = 0; /* variadic handlers: no vector arguments */
    f->rip = d->handler;
    f->rsp = sp;
    f->cs = USER_CS;
    f->ss = USER_DS;
    f->rflags &= ~(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    f->vector = 0; /* the registers are no system call's any more */
}

int arch_signal_frame(const struct signal_delivery *d)
{
    struct trapframe *f = arch_user_frame();
    struct rt_sigframe frame;
    uint64_t fp = 0, sp = place(d, f->rsp, &fp);

    if (!sp || !(d->flags & SA_RESTORER) || d->handler >= USER_TOP)
        return -EFAULT;
    if (!current->arch.fpu)
        fp = 0;
    memset(&frame, 0, offsetof(struct rt_sigframe, info));
    frame.pretcode = d->restorer;
    frame.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
                        (fpu_uses_xsave() && fp ? UC_FP_XSTATE : 0);
    fill_context(&frame.uc.uc_mcontext, f, d->mask, fp);
    memcpy(&frame.uc.uc_sigmask, &d->mask, sizeof(d->mask));
    memcpy(frame.info, d->siginfo, SIGINFO_SIZE);
    if (fp && write_fp_image(fp))
        return -EFAULT;
    save_altstack(&frame.uc.uc_stack);
    if (copy_to_user((void *)sp, &frame, sizeof(frame)))
        return -EFAULT;
    enter_handler(f, d, sp);
    arch_fpu_reset_current(); /* as Linux: a handler has the default modes */
    return 0;
}

/* --- rt_sigreturn ------------------------------------------------------- */

/* How many bytes of the image to take, and which components they claim to be:
 * Linux's rules for fpstate.sw_reserved. No or odd marks: FXSAVE only. */
static size_t image_bytes(uint64_t at, uint64_t *claimed)
{
    const char *p = (const char *)at;
    struct _fpx_sw_bytes sw;
    uint32_t magic2;

    *claimed = 0;
    if (fpu_uses_xsave() && !copy_from_user(&sw, p + SW_OFFSET, sizeof(sw)) &&
        sw.magic1 == FP_XSTATE_MAGIC1 &&
        sw.xstate_size >= sizeof(struct _fpstate_64) + sizeof(struct _header) &&
        sw.xstate_size <= arch_fpu_size() &&
        sw.xstate_size <= sw.extended_size &&
        !copy_from_user(&magic2, p + sw.xstate_size, sizeof(magic2)) &&
        magic2 == FP_XSTATE_MAGIC2) {
        *claimed = sw.xfeatures & fpu_features();
        if (*claimed)
            return sw.xstate_size;
    }
    return sizeof(struct _fpstate_64);
}

/* Into a fresh area: a page fault may switch threads, which saves to the
 * current one. */
static int restore_fp(uint64_t at)
{
    uint64_t claimed;
    void *area;
    size_t n;

    if (!current->arch.fpu)
        return 0;
    if (!at) {
        arch_fpu_reset_current();
        return 0;
    }
    if (at & (fpu_uses_xsave() ? 63 : 15))
        return -EFAULT;
    area = arch_fpu_alloc();
    if (!area)
        return -ENOMEM;
    n = image_bytes(at, &claimed);
    if (copy_from_user(area, (const void *)at, n) ||
        fpu_sanitize(area, claimed)) {
        arch_fpu_free(area);
        return -EFAULT;
    }
    bool on = arch_irqs_disable();
    void *old = current->arch.fpu;
    current->arch.fpu = area;
    arch_fpu_restore_current();
    arch_irqs_restore(on);
    arch_fpu_free(old);
    return 0;
}

static int check_context(const struct rt_sigframe *frame)
{
    const struct sigcontext *sc = &frame->uc.uc_mcontext;

    if (sc->rip >= USER_TOP || sc->cs != USER_CS)
        return -EFAULT;
    if ((frame->uc.uc_flags & UC_STRICT_RESTORE_SS) && sc->ss != USER_DS)
        return -EFAULT;
    return 0;
}

// clang-format off
static void restore_registers(struct trapframe *f, const struct sigcontext *sc)
{
    *f = (struct trapframe){
        .r8 = sc->r8, .r9 = sc->r9, .r10 = sc->r10, .r11 = sc->r11,
        .r12 = sc->r12, .r13 = sc->r13, .r14 = sc->r14, .r15 = sc->r15,
        .rdi = sc->rdi, .rsi = sc->rsi, .rbp = sc->rbp, .rbx = sc->rbx,
        .rdx = sc->rdx, .rax = sc->rax, .rcx = sc->rcx, .rsp = sc->rsp,
        .rip = sc->rip, .cs = USER_CS, .ss = USER_DS,
        .rflags = (sc->eflags & RFLAGS_USER) | RFLAGS_IF | RFLAGS_ONE,
        .error = UINT64_MAX, /* no system call to restart */
    };
}
// clang-format on

static void restore_altstack(const stack_t *s)
{
    struct thread *t = current;
    uint32_t flags = (uint32_t)s->ss_flags;

    if (on_altstack(arch_user_frame()->rsp) ||
        (flags & ~(SS_AUTODISARM_ | SS_DISABLE | SS_ONSTACK)))
        return; /* as sigaltstack(2) would refuse; Linux ignores that here */
    if (flags & SS_DISABLE) {
        t->altstack_sp = 0;
        t->altstack_size = 0;
    } else if (s->ss_size >= MINSIGSTKSZ) {
        t->altstack_sp = (uint64_t)s->ss_sp;
        t->altstack_size = s->ss_size;
    } else {
        return;
    }
    t->altstack_flags = flags & ~SS_ONSTACK;
}

int arch_signal_return(uint64_t *mask)
{
    struct trapframe *f = arch_user_frame();
    struct rt_sigframe frame;
    uint64_t sp = f->rsp - sizeof(frame.pretcode); /* popped by ret */
    int err;

    if (copy_from_user(&frame, (const void *)sp,
                       offsetof(struct rt_sigframe, info)))
        return -EFAULT;
    err = check_context(&frame);
    if (!err)
        err = restore_fp((uint64_t)frame.uc.uc_mcontext.fpstate);
    if (err)
        return err;
    restore_registers(f, &frame.uc.uc_mcontext);
    restore_altstack(&frame.uc.uc_stack);
    memcpy(mask, &frame.uc.uc_sigmask, sizeof(*mask));
    return 0;
}
