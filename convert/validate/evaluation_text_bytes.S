// The assembler copies the file: a string literal of this length compiles slowly, and -Wpedantic
// bounds them.
        .section .rodata
        .global waag_evaluation_text
        .global waag_evaluation_text_end
waag_evaluation_text:
        .incbin "evaluation.txt"
waag_evaluation_text_end:
        .byte 0
        .section .note.GNU-stack,"",%progbits
