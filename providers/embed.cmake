# Writes the source file OUT, which has the text of the file IN.
file(READ ${IN} text)
file(WRITE ${OUT} "#include \"providers/built_in.h\"\n\n\
namespace signpost::providers {\n\n\
extern const std::string_view kBuiltInText = R\"--toml--(${text})--toml--\";\n\n\
}  // namespace signpost::providers\n")
