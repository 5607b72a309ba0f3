# SPDX-License-Identifier: Apache-2.0
# unibeam: the kernel, the builder and what goes with them. See docs/building.md.

B ?= build
CC ?= gcc
CLANG ?= clang
PREFIX ?= /usr/local
Q := $(if $(V),,@)
say = $(if $(V),true,printf '  %-6s %s\n' '$(1)' '$(2)')

WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wcast-function-type \
	-Wvla -Wno-unused-parameter $(if $(CI),-Werror)
CFLAGS ?= -O2 -g

all: $(B)/kernel.elf $(B)/kernel.stripped.elf $(B)/unibeam $(B)/init $(B)/boot.bin $(B)/loader.bin

include mk/kernel.mk
-include mk/boot.mk mk/guest.mk mk/builder.mk mk/lwip.mk mk/tests.mk

clean:
	rm -rf $(B)

.PHONY: all clean
.DELETE_ON_ERROR:
