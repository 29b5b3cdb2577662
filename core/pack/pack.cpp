#include "core/pack/pack.hpp"
#include "core/base/checksum.hpp"
#include "core/base/random.hpp"
#include "core/json/json_fields.hpp"
#include "core/pack/pack_part.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <numeric>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view preamble = "The JSON document below holds ";

uint64_t mix(uint64_t x) noexcept { return next_random(x); }

/// Six characters (30 bits) that people and tokenizers do not confuse.
std::string token(uint64_t bits) {
  constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(letters.size() == 32);
  std::string out;
  for (int i = 0; i < 6; ++i, bits >>= 5)
    out += letters[bits & 31];
  return out;
}

std::string_view shape_of(answer_form form) {
  switch (form) {
  case answer_form::text: return "as a string";
  case answer_form::json_object: return "as a JSON object";
  case answer_form::json_schema: return "as JSON of the schema given";
  }
  return "";
}

std::string instruction(size_t entries, answer_form form) {
  return std::string{preamble} + std::to_string(entries) +
         " independent requests. Answer each exactly as if it had come alone: nothing in one text "
         "applies to another. Reply with JSON only, "
         R"({"answers":[{"id":"...","check":"...","answer":...}]}: one object per request in the )"
         "same order, id and check copied from the request, the whole answer " +
         std::string{shape_of(form)} + ".";
}

json::object strict_object(json::object properties) {
  json::array names;
  for (auto& p : properties)
    names.emplace_back(p.key());
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(names)},
          {"additionalProperties", false}};
}

/// The schema of the whole reply, with all ids and their number. It does not contain the checks:
/// with them, a decoder that follows the schema would write a check that the model never read.
json::object reply_format(const pack& p, json::value answer) {
  json::array ids;
  for (auto& e : p.entries)
    ids.emplace_back(e.id);
  auto entry = strict_object({{"id", {{"type", "string"}, {"enum", std::move(ids)}}},
                              {"check", {{"type", "string"}}},
                              {"answer", std::move(answer)}});
  json::object answers{{"type", "array"},
                       {"items", std::move(entry)},
                       {"minItems", p.entries.size()},
                       {"maxItems", p.entries.size()}};
  return {{"type", "json_schema"},
          {"json_schema",
           {{"name", "pack"},
            {"strict", true},
            {"schema", strict_object({{"answers", std::move(answers)}})}}}};
}

/// Keeps the parts of the members' schema that `take_apart` checks in each answer.
void note_schema(pack& p, const json::object& schema) {
  p.schema_type = text_at(schema, "type");
  if (const auto* required = filled_array_at(schema, "required"))
    for (auto& name : *required)
      if (const auto* s = name.if_string())
        p.required.emplace_back(s->data(), s->size());
}

uint64_t sum_of(std::string_view name, const std::vector<pack_part>& parts) {
  uint64_t sum = 0;
  for (auto& part : parts)
    sum += static_cast<uint64_t>(part.body.at(name).get_int64()) + pack_entry_tokens;
  return sum;
}

std::string write_document(const pack& p, const std::vector<pack_part>& parts) {
  json::array entries;
  for (size_t i = 0; i < parts.size(); ++i)
    entries.push_back(json::object{
      {"id", p.entries[i].id}, {"check", p.entries[i].check}, {"text", parts[i].text}});
  return json::serialize(json::object{{"entries", std::move(entries)}});
}

} // namespace

result<pack> compose_pack(std::span<const request* const> members, pack_style style,
                          uint64_t seed) {
  std::vector<pack_part> parts;
  for (const auto* member : members) {
    auto part = read_pack_part(*member);
    if (!part)
      return part.error();
    parts.push_back(std::move(*part));
    if (parts.back().canonical != parts.front().canonical)
      return error{errc::not_packable,
                   "it differs from the rest of the pack in more than its text"};
  }
  auto& head = parts.front();
  pack out;
  out.form = head.form;
  out.style = style;
  if (head.form == answer_form::json_schema && style == pack_style::plain)
    return error{errc::not_packable, "its schema needs a provider with structured output"};
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto noise = mix(mix(seed ^ (i * 2)) ^ checksum(parts[i].text));
    // The number makes the ids unique, even if the drawn parts are equal.
    const auto number = std::to_string(i + 1);
    out.entries.push_back({members[i]->index, number + '-' + token(noise),
                           token(mix(noise ^ 1)) + number,
                           static_cast<uint32_t>(parts[i].text.size())});
  }

  auto body = head.body;
  uint64_t output_max = 0;
  for (auto name : output_maxima)
    if (has_value(body, name)) {
      output_max = std::max(output_max, sum_of(name, parts));
      body[name] = sum_of(name, parts);
    }
  body["messages"].get_array().back().get_object()["content"] =
    instruction(parts.size(), out.form) + '\n' + write_document(out, parts);
  if (out.form == answer_form::json_schema) {
    auto schema = body["response_format"].at("json_schema").at("schema");
    note_schema(out, schema.get_object());
    body["response_format"] = reply_format(out, std::move(schema));
  } else if (out.form == answer_form::text && style == pack_style::schema) {
    body["response_format"] = reply_format(out, {{"type", "string"}});
  }

  out.what = *members.front();
  out.what.body = make_payload(json::serialize(body));
  out.what.output_tokens_max = static_cast<uint32_t>(std::min<uint64_t>(output_max, UINT32_MAX));
  return out;
}

std::optional<std::vector<prompt_entry>> read_pack_prompt(std::string_view user_text) {
  const auto end = user_text.find('\n');
  if (!user_text.starts_with(preamble) || end == std::string_view::npos)
    return std::nullopt;
  json::error_code ec;
  const auto text = user_text.substr(end + 1);
  const auto value = json::parse({text.data(), text.size()}, ec);
  const auto* document = ec ? nullptr : value.if_object();
  const auto* entries = document ? filled_array_at(*document, "entries") : nullptr;
  if (!entries)
    return std::nullopt;
  std::vector<prompt_entry> out;
  for (auto& element : *entries) {
    const auto* e = element.if_object();
    if (!e)
      return std::nullopt;
    out.push_back({std::string{text_at(*e, "id")}, std::string{text_at(*e, "check")},
                   std::string{text_at(*e, "text")}});
  }
  return out;
}

std::vector<uint64_t> share_out(uint64_t total, std::span<const uint64_t> weights) {
  std::vector<uint64_t> shares(weights.size());
  if (weights.empty())
    return shares;
  using wide = unsigned __int128;
  const auto sum = std::accumulate(weights.begin(), weights.end(), wide{0});
  std::vector<std::pair<wide, size_t>> rests;
  uint64_t given = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto part = wide{total} * (sum == 0 ? 1 : weights[i]);
    const auto whole = sum == 0 ? wide{weights.size()} : sum;
    shares[i] = static_cast<uint64_t>(part / whole);
    given += shares[i];
    rests.emplace_back(part % whole, i);
  }
  // The rest goes to the shares with the largest fractions; of equals, to the first ones.
  std::ranges::sort(rests, [](auto& a, auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (size_t i = 0; given < total; ++i, ++given)
    ++shares[rests[i].second];
  return shares;
}

} // namespace penstock::core
