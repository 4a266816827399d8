// The table of built-in functions: OPA's capabilities, sorted by name. A function that the evaluator does itself
// (unification, walk, print, rule metadata) has no pointer here.
#include <algorithm>
#include <array>

#include "engines/policy/builtins/functions.h"

namespace chiron::policy {

namespace {

namespace f = functions;

constexpr Builtin plain(std::string_view name, std::string_view signature, BuiltinFunction call) {
  return {name, signature, call};
}
constexpr Builtin infix(std::string_view name, std::string_view signature, BuiltinFunction call,
                        std::string_view symbol) {
  return {name, signature, call, symbol};
}
constexpr Builtin deprecated(std::string_view name, std::string_view signature, BuiltinFunction call) {
  return {name, signature, call, {}, true};
}
// The outcome differs between queries.
constexpr Builtin varying(std::string_view name, std::string_view signature, BuiltinFunction call) {
  return {name, signature, call, {}, false, true};
}

constexpr std::array kBuiltins = {
    plain("abs", "(number) => number", &f::abs),
    deprecated("all", "(any<array[any], set[any]>) => boolean", &f::all),
    infix("and", "(set[any], set[any]) => set[any]", &f::and_, "&"),
    deprecated("any", "(any<array[any], set[any]>) => boolean", &f::any),
    plain("array.concat", "(array[any], array[any]) => array[any]", &f::array_concat),
    plain("array.flatten", "(array[any]) => array[any]", &f::array_flatten),
    plain("array.reverse", "(array[any]) => array[any]", &f::array_reverse),
    plain("array.slice", "(array[any], number, number) => array[any]", &f::array_slice),
    infix("assign", "(any, any) => boolean", nullptr, ":="),
    plain("base64.decode", "(string) => string", &f::base64_decode),
    plain("base64.encode", "(string) => string", &f::base64_encode),
    plain("base64.is_valid", "(string) => boolean", &f::base64_is_valid),
    plain("base64url.decode", "(string) => string", &f::base64url_decode),
    plain("base64url.encode", "(string) => string", &f::base64url_encode),
    plain("base64url.encode_no_pad", "(string) => string", &f::base64url_encode_no_pad),
    plain("bits.and", "(number, number) => number", &f::bits_and),
    plain("bits.lsh", "(number, number) => number", &f::bits_lsh),
    plain("bits.negate", "(number) => number", &f::bits_negate),
    plain("bits.or", "(number, number) => number", &f::bits_or),
    plain("bits.rsh", "(number, number) => number", &f::bits_rsh),
    plain("bits.xor", "(number, number) => number", &f::bits_xor),
    deprecated("cast_array", "(any) => array[any]", &f::cast_array),
    deprecated("cast_boolean", "(any) => boolean", &f::cast_boolean),
    deprecated("cast_null", "(any) => null", &f::cast_null),
    deprecated("cast_object", "(any) => object[any: any]", &f::cast_object),
    deprecated("cast_set", "(any) => set[any]", &f::cast_set),
    deprecated("cast_string", "(any) => string", &f::cast_string),
    plain("ceil", "(number) => number", &f::ceil),
    plain("concat", "(string, any<array[string], set[string]>) => string", &f::concat),
    plain("contains", "(string, string) => boolean", &f::contains),
    plain("count", "(any<string, array[any], object[any: any], set[any]>) => number", &f::count),
    plain("crypto.hmac.equal", "(string, string) => boolean", &f::crypto_hmac_equal),
    plain("crypto.hmac.md5", "(string, string) => string", &f::crypto_hmac_md5),
    plain("crypto.hmac.sha1", "(string, string) => string", &f::crypto_hmac_sha1),
    plain("crypto.hmac.sha256", "(string, string) => string", &f::crypto_hmac_sha256),
    plain("crypto.hmac.sha512", "(string, string) => string", &f::crypto_hmac_sha512),
    plain("crypto.md5", "(string) => string", &f::crypto_md5),
    plain("crypto.parse_private_keys", "(string) => array[object[string: any]]", &f::crypto_parse_private_keys),
    plain("crypto.sha1", "(string) => string", &f::crypto_sha1),
    plain("crypto.sha256", "(string) => string", &f::crypto_sha256),
    plain("crypto.x509.parse_and_verify_certificates", "(string) => array<boolean, array[object[string: any]]>",
          &f::crypto_x509_parse_and_verify_certificates),
    plain("crypto.x509.parse_and_verify_certificates_with_options",
          "(string, object[string: any]) => array<boolean, array[object[string: any]]>",
          &f::crypto_x509_parse_and_verify_certificates_with_options),
    plain("crypto.x509.parse_certificate_request", "(string) => object[string: any]",
          &f::crypto_x509_parse_certificate_request),
    plain("crypto.x509.parse_certificates", "(string) => array[object[string: any]]",
          &f::crypto_x509_parse_certificates),
    plain("crypto.x509.parse_keypair", "(string, string) => object[string: any]", &f::crypto_x509_parse_keypair),
    plain("crypto.x509.parse_rsa_private_key", "(string) => object[string: any]",
          &f::crypto_x509_parse_rsa_private_key),
    infix("div", "(number, number) => number", &f::div, "/"),
    plain("endswith", "(string, string) => boolean", &f::endswith),
    infix("eq", "(any, any) => boolean", nullptr, "="),
    infix("equal", "(any, any) => boolean", &f::equal, "=="),
    plain("floor", "(number) => number", &f::floor),
    plain("format_int", "(number, number) => string", &f::format_int),
    plain("glob.match", "(string, any<null, array[string]>, string) => boolean", &f::glob_match),
    plain("glob.quote_meta", "(string) => string", &f::glob_quote_meta),
    plain("graph.reachable", "(object[any: any<array[any], set[any]>], any<array[any], set[any]>) => set[any]",
          &f::graph_reachable),
    plain("graph.reachable_paths",
          "(object[any: any<array[any], set[any]>], any<array[any], set[any]>) => set[array[any]]",
          &f::graph_reachable_paths),
    plain("graphql.is_valid", "(any<string, object[any: any]>, any<string, object[any: any]>) => boolean",
          &f::graphql_is_valid),
    plain("graphql.parse",
          "(any<string, object[any: any]>, any<string, object[any: any]>) => array<object[any: any], object[any: any]>",
          &f::graphql_parse),
    plain("graphql.parse_and_verify",
          "(any<string, object[any: any]>, any<string, object[any: any]>) => array<boolean, object[any: any], "
          "object[any: any]>",
          &f::graphql_parse_and_verify),
    plain("graphql.parse_query", "(string) => object[any: any]", &f::graphql_parse_query),
    plain("graphql.parse_schema", "(string) => object[any: any]", &f::graphql_parse_schema),
    plain("graphql.schema_is_valid", "(any<string, object[any: any]>) => boolean", &f::graphql_schema_is_valid),
    infix("gt", "(any, any) => boolean", &f::gt, ">"),
    infix("gte", "(any, any) => boolean", &f::gte, ">="),
    plain("hex.decode", "(string) => string", &f::hex_decode),
    plain("hex.encode", "(string) => string", &f::hex_encode),
    varying("http.send", "(object[string: any]) => object[any: any]", &f::http_send),
    plain("indexof", "(string, string) => number", &f::indexof),
    plain("indexof_n", "(string, string) => array[number]", &f::indexof_n),
    infix("internal.member_2", "(any, any) => boolean", &f::internal_member_2, "in"),
    infix("internal.member_3", "(any, any, any) => boolean", &f::internal_member_3, "in"),
    plain("internal.print", "(array[set[any]])", &f::internal_print),
    plain("internal.template_string", "(array[any]) => string", &f::internal_template_string),
    plain("internal.test_case", "(array[any])", nullptr),
    plain("intersection", "(set[set[any]]) => set[any]", &f::intersection),
    plain("io.jwt.decode", "(string) => array<object[any: any], object[any: any], string>", &f::io_jwt_decode),
    varying("io.jwt.decode_verify",
            "(string, object[string: any]) => array<boolean, object[any: any], object[any: any]>",
            &f::io_jwt_decode_verify),
    varying("io.jwt.encode_sign", "(object[string: any], object[string: any], object[string: any]) => string",
            &f::io_jwt_encode_sign),
    varying("io.jwt.encode_sign_raw", "(string, string, string) => string", &f::io_jwt_encode_sign_raw),
    plain("io.jwt.verify_eddsa", "(string, string) => boolean", &f::io_jwt_verify_eddsa),
    plain("io.jwt.verify_es256", "(string, string) => boolean", &f::io_jwt_verify_es256),
    plain("io.jwt.verify_es384", "(string, string) => boolean", &f::io_jwt_verify_es384),
    plain("io.jwt.verify_es512", "(string, string) => boolean", &f::io_jwt_verify_es512),
    plain("io.jwt.verify_hs256", "(string, string) => boolean", &f::io_jwt_verify_hs256),
    plain("io.jwt.verify_hs384", "(string, string) => boolean", &f::io_jwt_verify_hs384),
    plain("io.jwt.verify_hs512", "(string, string) => boolean", &f::io_jwt_verify_hs512),
    plain("io.jwt.verify_ps256", "(string, string) => boolean", &f::io_jwt_verify_ps256),
    plain("io.jwt.verify_ps384", "(string, string) => boolean", &f::io_jwt_verify_ps384),
    plain("io.jwt.verify_ps512", "(string, string) => boolean", &f::io_jwt_verify_ps512),
    plain("io.jwt.verify_rs256", "(string, string) => boolean", &f::io_jwt_verify_rs256),
    plain("io.jwt.verify_rs384", "(string, string) => boolean", &f::io_jwt_verify_rs384),
    plain("io.jwt.verify_rs512", "(string, string) => boolean", &f::io_jwt_verify_rs512),
    plain("is_array", "(any) => boolean", &f::is_array),
    plain("is_boolean", "(any) => boolean", &f::is_boolean),
    plain("is_null", "(any) => boolean", &f::is_null),
    plain("is_number", "(any) => boolean", &f::is_number),
    plain("is_object", "(any) => boolean", &f::is_object),
    plain("is_set", "(any) => boolean", &f::is_set),
    plain("is_string", "(any) => boolean", &f::is_string),
    plain("json.filter",
          "(object[any: any], any<array[any<string, array[any]>], set[any<string, array[any]>]>) => object[any: any]",
          &f::json_filter),
    plain("json.is_valid", "(string) => boolean", &f::json_is_valid),
    plain("json.marshal", "(any) => string", &f::json_marshal),
    plain("json.marshal_with_options",
          "(any, object<indent: string, prefix: string, pretty: boolean>[string: any]) => string",
          &f::json_marshal_with_options),
    plain("json.match_schema",
          "(any<string, object[any: any]>, any<string, object[any: any]>) => array<boolean, array[object<desc: string, "
          "error: string, field: string, type: string>]>",
          &f::json_match_schema),
    plain("json.patch", "(any, array[object<op: string, path: any>[any: any]]) => any", &f::json_patch),
    plain("json.remove",
          "(object[any: any], any<array[any<string, array[any]>], set[any<string, array[any]>]>) => object[any: any]",
          &f::json_remove),
    plain("json.unmarshal", "(string) => any", &f::json_unmarshal),
    plain("json.verify_schema", "(any<string, object[any: any]>) => array<boolean, any<null, string>>",
          &f::json_verify_schema),
    plain("lower", "(string) => string", &f::lower),
    infix("lt", "(any, any) => boolean", &f::lt, "<"),
    infix("lte", "(any, any) => boolean", &f::lte, "<="),
    plain("max", "(any<array[any], set[any]>) => any", &f::max),
    plain("min", "(any<array[any], set[any]>) => any", &f::min),
    infix("minus", "(any<number, set[any]>, any<number, set[any]>) => any<number, set[any]>", &f::minus, "-"),
    infix("mul", "(number, number) => number", &f::mul, "*"),
    infix("neq", "(any, any) => boolean", &f::neq, "!="),
    plain("net.cidr_contains", "(string, string) => boolean", &f::net_cidr_contains),
    plain("net.cidr_contains_matches",
          "(any<string, array[any<string, array[any]>], object[string: any<string, array[any]>], set[any<string, "
          "array[any]>]>, any<string, array[any<string, array[any]>], object[string: any<string, array[any]>], "
          "set[any<string, array[any]>]>) => set[array<any, any>]",
          &f::net_cidr_contains_matches),
    plain("net.cidr_expand", "(string) => set[string]", &f::net_cidr_expand),
    plain("net.cidr_intersects", "(string, string) => boolean", &f::net_cidr_intersects),
    plain("net.cidr_is_valid", "(string) => boolean", &f::net_cidr_is_valid),
    plain("net.cidr_merge", "(any<array[any<string>], set[string]>) => set[string]", &f::net_cidr_merge),
    deprecated("net.cidr_overlap", "(string, string) => boolean", &f::net_cidr_overlap),
    varying("net.lookup_ip_addr", "(string) => set[string]", &f::net_lookup_ip_addr),
    plain("numbers.range", "(number, number) => array[number]", &f::numbers_range),
    plain("numbers.range_step", "(number, number, number) => array[number]", &f::numbers_range_step),
    plain("object.filter", "(object[any: any], any<array[any], object[any: any], set[any]>) => object[any: any]",
          &f::object_filter),
    plain("object.get", "(object[any: any], any, any) => any", &f::object_get),
    plain("object.keys", "(object[any: any]) => set[any]", &f::object_keys),
    plain("object.remove", "(object[any: any], any<array[any], object[any: any], set[any]>) => object[any: any]",
          &f::object_remove),
    plain("object.subset",
          "(any<array[any], object[any: any], set[any]>, any<array[any], object[any: any], set[any]>) => boolean",
          &f::object_subset),
    plain("object.union", "(object[any: any], object[any: any]) => object[any: any]", &f::object_union),
    plain("object.union_n", "(array[object[any: any]]) => object[any: any]", &f::object_union_n),
    varying("opa.runtime", "() => object[string: any]", &f::opa_runtime),
    infix("or", "(set[any], set[any]) => set[any]", &f::or_, "|"),
    infix("plus", "(number, number) => number", &f::plus, "+"),
    plain("print", "(any...)", nullptr),
    plain("product", "(any<array[number], set[number]>) => number", &f::product),
    plain("providers.aws.sign_req", "(object[string: any], object[string: any], number) => object[any: any]",
          &f::providers_aws_sign_req),
    varying("rand.intn", "(string, number) => number", &f::rand_intn),
    deprecated("re_match", "(string, string) => boolean", &f::re_match),
    plain("regex.find_all_string_submatch_n", "(string, string, number) => array[array[string]]",
          &f::regex_find_all_string_submatch_n),
    plain("regex.find_n", "(string, string, number) => array[string]", &f::regex_find_n),
    plain("regex.globs_match", "(string, string) => boolean", &f::regex_globs_match),
    plain("regex.is_valid", "(string) => boolean", &f::regex_is_valid),
    plain("regex.match", "(string, string) => boolean", &f::regex_match),
    plain("regex.replace", "(string, string, string) => string", &f::regex_replace),
    plain("regex.split", "(string, string) => array[string]", &f::regex_split),
    plain("regex.template_match", "(string, string, string, string) => boolean", &f::regex_template_match),
    plain("rego.metadata.chain", "() => array[any]", nullptr),
    plain("rego.metadata.rule", "() => any", nullptr),
    plain("rego.parse_module", "(string, string) => object[string: any]", &f::rego_parse_module),
    infix("rem", "(number, number) => number", &f::rem, "%"),
    plain("replace", "(string, string, string) => string", &f::replace),
    plain("round", "(number) => number", &f::round),
    plain("semver.compare", "(string, string) => number", &f::semver_compare),
    plain("semver.is_valid", "(any) => boolean", &f::semver_is_valid),
    deprecated("set_diff", "(set[any], set[any]) => set[any]", &f::set_diff),
    plain("sort", "(any<array[any], set[any]>) => array[any]", &f::sort),
    plain("split", "(string, string) => array[string]", &f::split),
    plain("sprintf", "(string, array[any]) => string", &f::sprintf),
    plain("startswith", "(string, string) => boolean", &f::startswith),
    plain("strings.any_prefix_match",
          "(any<string, array[string], set[string]>, any<string, array[string], set[string]>) => boolean",
          &f::strings_any_prefix_match),
    plain("strings.any_suffix_match",
          "(any<string, array[string], set[string]>, any<string, array[string], set[string]>) => boolean",
          &f::strings_any_suffix_match),
    plain("strings.count", "(string, string) => number", &f::strings_count),
    plain("strings.render_template", "(string, object[string: any]) => string", &f::strings_render_template),
    plain("strings.replace_n", "(object[string: string], string) => string", &f::strings_replace_n),
    plain("strings.reverse", "(string) => string", &f::strings_reverse),
    plain("strings.split_n", "(string, string, number) => array[string]", &f::strings_split_n),
    plain("substring", "(string, number, number) => string", &f::substring),
    plain("sum", "(any<array[number], set[number]>) => number", &f::sum),
    plain("time.add_date", "(number, number, number, number) => number", &f::time_add_date),
    plain("time.clock", "(any<number, array<number, string>>) => array<number, number, number>", &f::time_clock),
    plain("time.date", "(any<number, array<number, string>>) => array<number, number, number>", &f::time_date),
    plain("time.diff",
          "(any<number, array<number, string>>, any<number, array<number, string>>) => array<number, number, number, "
          "number, number, number>",
          &f::time_diff),
    plain("time.format", "(any<number, array<number, string>, array<number, string, string>>) => string",
          &f::time_format),
    varying("time.now_ns", "() => number", &f::time_now_ns),
    plain("time.parse_duration_ns", "(string) => number", &f::time_parse_duration_ns),
    plain("time.parse_ns", "(string, string) => number", &f::time_parse_ns),
    plain("time.parse_rfc3339_ns", "(string) => number", &f::time_parse_rfc3339_ns),
    plain("time.weekday", "(any<number, array<number, string>>) => string", &f::time_weekday),
    plain("to_number", "(any<null, boolean, number, string>) => number", &f::to_number),
    plain("trace", "(string) => boolean", &f::trace),
    plain("trim", "(string, string) => string", &f::trim),
    plain("trim_left", "(string, string) => string", &f::trim_left),
    plain("trim_prefix", "(string, string) => string", &f::trim_prefix),
    plain("trim_right", "(string, string) => string", &f::trim_right),
    plain("trim_space", "(string) => string", &f::trim_space),
    plain("trim_suffix", "(string, string) => string", &f::trim_suffix),
    plain("type_name", "(any) => string", &f::type_name),
    plain("union", "(set[set[any]]) => set[any]", &f::union_),
    plain("units.parse", "(string) => number", &f::units_parse),
    plain("units.parse_bytes", "(string) => number", &f::units_parse_bytes),
    plain("upper", "(string) => string", &f::upper),
    plain("uri.is_valid", "(string) => boolean", &f::uri_is_valid),
    plain("uri.parse", "(string) => object[string: string]", &f::uri_parse),
    plain("urlquery.decode", "(string) => string", &f::urlquery_decode),
    plain("urlquery.decode_object", "(string) => object[string: array[string]]", &f::urlquery_decode_object),
    plain("urlquery.encode", "(string) => string", &f::urlquery_encode),
    plain("urlquery.encode_object", "(object[string: any<string, array[string], set[string]>]) => string",
          &f::urlquery_encode_object),
    plain("uuid.parse", "(string) => object[string: any]", &f::uuid_parse),
    varying("uuid.rfc4122", "(string) => string", &f::uuid_rfc4122),
    Builtin{"walk", "(any) => array<array[any], any>", nullptr, {}, false, false, true},
    plain("yaml.is_valid", "(string) => boolean", &f::yaml_is_valid),
    plain("yaml.marshal", "(any) => string", &f::yaml_marshal),
    plain("yaml.unmarshal", "(string) => any", &f::yaml_unmarshal),
};

constexpr Builtin local(std::string_view name, std::string_view signature, BuiltinFunction call) {
  return {name, signature, call, {}, false, true, false, true};
}
// Conftest's own; OPA has none of them.
constexpr std::array kLocal = {
    local("parse_combined_config_files", "(array[string]) => array[any]", &f::parse_combined_config_files),
    local("parse_config", "(string, string) => any", &f::parse_config),
    local("parse_config_file", "(string) => any", &f::parse_config_file),
};

// The number of arguments that a signature declares.
constexpr std::size_t count_arguments(std::string_view text) {
  if (text.empty() || text[0] != '(') return 0;
  std::size_t count = 0;
  int depth = 0;
  bool any = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '<' || c == '{')
      ++depth;
    else if (c == ')' && depth == 0)
      break;
    else if (c == ')' || c == ']' || c == '}' || (c == '>' && text[i - 1] != '='))
      --depth;
    else if (c == ',' && depth == 0)
      ++count;
    else if (c != ' ')
      any = true;
  }
  return any ? count + 1 : 0;
}

constexpr auto kArities = [] {
  std::array<std::uint8_t, kBuiltins.size()> arities{};
  for (std::size_t i = 0; i < arities.size(); ++i)
    arities[i] = static_cast<std::uint8_t>(count_arguments(kBuiltins[i].signature));
  return arities;
}();

constexpr std::uint32_t name_hash(std::string_view name) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

// Positions in kBuiltins, counted from one, by the hash of the name; 0 is free.
constexpr std::size_t kSlots = 1024;
constexpr auto kBySlot = [] {
  std::array<std::uint16_t, kSlots> slots{};
  for (std::size_t i = 0; i < kBuiltins.size(); ++i) {
    std::size_t slot = name_hash(kBuiltins[i].name) % kSlots;
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::uint16_t>(i + 1);
  }
  return slots;
}();

}  // namespace

Value BuiltinContext::fail_operand(int position, std::string_view expected, Value got) {
  return fail("operand " + std::to_string(position) + " must be " + std::string(expected) + " but got " +
                  std::string(to_string(got.kind())),
              BuiltinErrorCode::type);
}

std::span<const Builtin> builtins() { return kBuiltins; }

const Builtin* find_builtin(std::string_view name) {
  for (std::size_t slot = name_hash(name) % kSlots; kBySlot[slot] != 0; slot = (slot + 1) % kSlots)
    if (const Builtin& builtin = kBuiltins[kBySlot[slot] - 1]; builtin.name == name) return &builtin;
  const auto other = std::ranges::find(kLocal, name, &Builtin::name);
  return other != kLocal.end() ? &*other : nullptr;
}

std::size_t builtin_arity(const Builtin& builtin) {
  if (builtin.local) return count_arguments(builtin.signature);
  return kArities[static_cast<std::size_t>(&builtin - kBuiltins.data())];
}

const Builtin* find_infix(std::string_view symbol) {
  const auto found = std::ranges::find_if(
      kBuiltins, [&](const Builtin& builtin) { return !builtin.infix.empty() && builtin.infix == symbol; });
  return found != kBuiltins.end() ? &*found : nullptr;
}

}  // namespace chiron::policy
