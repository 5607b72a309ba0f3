# SPDX-License-Identifier: Apache-2.0
# Host-run tests of kernel/dev: what has no hardware in it.

DEV_HOST := $(B)/host/dev
DEV_TEST_CFLAGS := $(HOST_TEST_CFLAGS) -Ikernel -Iinclude
DEV_TESTS := n_tty_test gpt_test aml_test virtqueue_test \
	virtio_net_test chacha20_test
DEV_FUZZERS := gpt_fuzz aml_fuzz virtq_fuzz

$(DEV_HOST)/n_tty_test: kernel/dev/n_tty.c kernel/dev/n_tty_out.c
$(DEV_HOST)/gpt_test $(DEV_HOST)/gpt_fuzz: kernel/dev/gpt.c
$(DEV_HOST)/aml_test $(DEV_HOST)/aml_fuzz: kernel/dev/aml.c \
	tests/host/dev_fakes.c
$(DEV_HOST)/virtqueue_test $(DEV_HOST)/virtq_fuzz: \
	kernel/dev/virtio/virtqueue.c tests/host/dev_fakes.c
$(DEV_HOST)/virtio_net_test: kernel/dev/virtio/virtio_net.c \
	kernel/dev/virtio/virtqueue.c tests/host/dev_fakes.c
$(DEV_HOST)/chacha20_test: kernel/dev/chacha20.c

$(DEV_HOST)/%: kernel/dev/test/%.c mk/test-dev.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(DEV_TEST_CFLAGS) -MMD -MP -o $@ $(filter %.c,$^) -lcmocka

-include $(DEV_TESTS:%=$(DEV_HOST)/%.d) $(DEV_FUZZERS:%=$(DEV_HOST)/%.d)

# Fuzzers run for a fixed number of mutations of their seeds here; give one a
# larger number, or files, to go on.
.PHONY: check-dev
check-dev: $(DEV_TESTS:%=$(DEV_HOST)/%) $(DEV_FUZZERS:%=$(DEV_HOST)/%)
	$(Q)for t in $(DEV_TESTS:%=$(DEV_HOST)/%); do $$t || exit 1; done
	$(Q)$(DEV_HOST)/gpt_fuzz 2000 tests/corpus/gpt/*
	$(Q)$(DEV_HOST)/aml_fuzz 20000 tests/corpus/aml/*
	$(Q)$(DEV_HOST)/virtq_fuzz 1000000

CHECKS += dev
