// The Java virtual machine's instructions (JVMS chapter 6) by number, with the shape of their operands: - none, b byte,
// s short, l local, c constant (one byte), C constant (two bytes), j jump (two bytes), J jump (four bytes), i local and
// increment, I interface call, d dynamic call, a array type, m multi-dimensional array, t table switch, L lookup
// switch, w wide.
#include "engines/compare/content/class_image.h"

namespace chiron::compare::java {

std::span<const std::string_view> opcode_table() {
  static constexpr std::string_view kTable[] = {
      "-nop",           "-aconst_null", "-iconst_m1",     "-iconst_0",      "-iconst_1",     "-iconst_2",
      "-iconst_3",      "-iconst_4",    "-iconst_5",      "-lconst_0",      "-lconst_1",     "-fconst_0",
      "-fconst_1",      "-fconst_2",    "-dconst_0",      "-dconst_1",      "bbipush",       "ssipush",
      "cldc",           "Cldc_w",       "Cldc2_w",        "liload",         "llload",        "lfload",
      "ldload",         "laload",       "-iload_0",       "-iload_1",       "-iload_2",      "-iload_3",
      "-lload_0",       "-lload_1",     "-lload_2",       "-lload_3",       "-fload_0",      "-fload_1",
      "-fload_2",       "-fload_3",     "-dload_0",       "-dload_1",       "-dload_2",      "-dload_3",
      "-aload_0",       "-aload_1",     "-aload_2",       "-aload_3",       "-iaload",       "-laload",
      "-faload",        "-daload",      "-aaload",        "-baload",        "-caload",       "-saload",
      "listore",        "llstore",      "lfstore",        "ldstore",        "lastore",       "-istore_0",
      "-istore_1",      "-istore_2",    "-istore_3",      "-lstore_0",      "-lstore_1",     "-lstore_2",
      "-lstore_3",      "-fstore_0",    "-fstore_1",      "-fstore_2",      "-fstore_3",     "-dstore_0",
      "-dstore_1",      "-dstore_2",    "-dstore_3",      "-astore_0",      "-astore_1",     "-astore_2",
      "-astore_3",      "-iastore",     "-lastore",       "-fastore",       "-dastore",      "-aastore",
      "-bastore",       "-castore",     "-sastore",       "-pop",           "-pop2",         "-dup",
      "-dup_x1",        "-dup_x2",      "-dup2",          "-dup2_x1",       "-dup2_x2",      "-swap",
      "-iadd",          "-ladd",        "-fadd",          "-dadd",          "-isub",         "-lsub",
      "-fsub",          "-dsub",        "-imul",          "-lmul",          "-fmul",         "-dmul",
      "-idiv",          "-ldiv",        "-fdiv",          "-ddiv",          "-irem",         "-lrem",
      "-frem",          "-drem",        "-ineg",          "-lneg",          "-fneg",         "-dneg",
      "-ishl",          "-lshl",        "-ishr",          "-lshr",          "-iushr",        "-lushr",
      "-iand",          "-land",        "-ior",           "-lor",           "-ixor",         "-lxor",
      "iiinc",          "-i2l",         "-i2f",           "-i2d",           "-l2i",          "-l2f",
      "-l2d",           "-f2i",         "-f2l",           "-f2d",           "-d2i",          "-d2l",
      "-d2f",           "-i2b",         "-i2c",           "-i2s",           "-lcmp",         "-fcmpl",
      "-fcmpg",         "-dcmpl",       "-dcmpg",         "jifeq",          "jifne",         "jiflt",
      "jifge",          "jifgt",        "jifle",          "jif_icmpeq",     "jif_icmpne",    "jif_icmplt",
      "jif_icmpge",     "jif_icmpgt",   "jif_icmple",     "jif_acmpeq",     "jif_acmpne",    "jgoto",
      "jjsr",           "lret",         "ttableswitch",   "Llookupswitch",  "-ireturn",      "-lreturn",
      "-freturn",       "-dreturn",     "-areturn",       "-return",        "Cgetstatic",    "Cputstatic",
      "Cgetfield",      "Cputfield",    "Cinvokevirtual", "Cinvokespecial", "Cinvokestatic", "Iinvokeinterface",
      "dinvokedynamic", "Cnew",         "anewarray",      "Canewarray",     "-arraylength",  "-athrow",
      "Ccheckcast",     "Cinstanceof",  "-monitorenter",  "-monitorexit",   "wwide",         "mmultianewarray",
      "jifnull",        "jifnonnull",   "Jgoto_w",        "Jjsr_w"};
  static_assert(std::size(kTable) == 202);
  return kTable;
}

}  // namespace chiron::compare::java
