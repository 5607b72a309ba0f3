# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# From `nm -n` of the kernel to the table that backtrace.c reads: offsets of
# functions from kernel_image, offsets of their names, the names.
{ type = $2; name = $3 }
name == "kernel_image" { base = $1; on = 1 }
name == "text_end" { on = 0 }
on && type ~ /^[tT]$/ && $1 != last {
    names[n] = name
    # gas computes the difference: awk has no 64-bit integers.
    offsets[n++] = "0x" $1 " - 0x" base
    last = $1
}
END {
    print ".section .ksyms, \"a\", @progbits"
    print ".globl ksyms_count, ksyms_offsets, ksyms_names, ksyms_text"
    print ".balign 4"
    print "ksyms_count: .long " n
    print "ksyms_offsets:"
    for (i = 0; i < n; i++) print " .long " offsets[i]
    print "ksyms_names:"
    at = 0
    for (i = 0; i < n; i++) { print " .long " at; at += length(names[i]) + 1 }
    print "ksyms_text:"
    for (i = 0; i < n; i++) print " .asciz \"" names[i] "\""
    print ".section .note.GNU-stack, \"\", @progbits"
}
