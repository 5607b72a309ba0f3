/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * insns.c - a QEMU TCG plugin (plugin API 1: QEMU 6.0 to 8.2) that counts the
 * guest's instructions, in a file that others can map while the guest runs:
 *
 *   -plugin insns.so,counts=PATH
 *
 * PATH holds three numbers of 64 bits: all instructions so far, how many there
 * were before the first one of a program, and the address of that. A program's
 * addresses are in the lower half; before the kernel has entered the upper half
 * for the first time everything is firmware, loader or the kernel's first
 * steps.
 *
 * Debian's QEMU comes without the plugin header: what is needed of it is
 * declared here.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(
    uint64_t id, void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                int op, void *ptr,
                                                uint64_t imm);

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
                               char **argv);

int qemu_plugin_version = 1;

static struct {
    uint64_t all;
    uint64_t before_user;
    uint64_t user_addr;
} * counts;

/* A block is translated right before it runs for the first time. */
static void look_at(uint64_t vaddr)
{
    static int in_kernel;

    if (vaddr >> 63)
        in_kernel = 1;
    else if (in_kernel && !counts->before_user) {
        counts->before_user = counts->all;
        counts->user_addr = vaddr;
    }
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    look_at(qemu_plugin_tb_vaddr(tb));
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        qemu_plugin_register_vcpu_insn_exec_inline(
            qemu_plugin_tb_get_insn(tb, i), INLINE_ADD_U64, &counts->all, 1);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    int fd = -1;

    (void)info;
    if (argc == 1 && !strncmp(argv[0], "counts=", 7))
        fd = open(argv[0] + 7, O_RDWR | O_CREAT, 0666);
    if (fd < 0 || ftruncate(fd, sizeof(*counts)))
        return -1;
    counts =
        mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (counts == MAP_FAILED)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
