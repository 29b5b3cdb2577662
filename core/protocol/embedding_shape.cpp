#include "core/protocol/embedding_shape.hpp"
#include "core/base/base64.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/reply_judge.hpp"

#include <algorithm>
#include <bit>

namespace penstock::core {

namespace json = boost::json;

namespace {

error bad_embedding(std::string what) { return {errc::invalid_input, "body: " + std::move(what)}; }

/// Little-endian on every machine.
std::string float_bytes(const std::vector<float>& vector) {
  std::string out;
  out.reserve(4 * vector.size());
  for (float x : vector)
    for (auto bits = std::bit_cast<uint32_t>(x), k = 0u; k < 4; ++k, bits >>= 8)
      out += static_cast<char>(bits & 0xFF);
  return out;
}

} // namespace

result<embedding_request> read_embedding_request(const request& req) {
  json::error_code ec;
  const auto bytes = req.body ? std::string_view{*req.body} : std::string_view{};
  auto value = std::make_shared<const json::value>(json::parse({bytes.data(), bytes.size()}, ec));
  const auto* body = ec ? nullptr : value->if_object();
  if (!body)
    return bad_embedding("it must be a JSON object");
  embedding_request out;
  out.document = value;
  out.model = text_at(*body, "model");
  if (out.model.empty())
    out.model = req.model;
  if (out.model.empty())
    return bad_embedding("model is missing; name one, or set run.model");
  const auto* input = body->if_contains("input");
  if (const auto* list = input ? input->if_array() : nullptr) {
    out.list = true;
    for (auto& entry : *list) {
      if (entry.is_number() || entry.is_array())
        return error{errc::bad_request, "body: input holds token ids, which this provider cannot "
                                        "read: send texts"};
      if (!entry.is_string())
        return bad_embedding("input must be a text or a list of texts");
      out.inputs.push_back(entry.get_string());
    }
  } else if (input && input->is_string()) {
    out.inputs.push_back(input->get_string());
  }
  if (out.inputs.empty())
    return bad_embedding("input must be a text or a list of texts");
  if (has_value(*body, "dimensions")) {
    out.dimensions = count_at(*body, "dimensions").value_or(0);
    if (out.dimensions == 0)
      return bad_embedding("dimensions must be a whole number of at least 1");
  }
  const auto format = text_at(*body, "encoding_format");
  out.base64 = format == "base64";
  if (has_value(*body, "encoding_format") && format != "base64" && format != "float")
    return bad_embedding("encoding_format must be \"float\" or \"base64\"");
  return out;
}

std::vector<float> vector_of(const json::value* v) {
  const auto* list = v ? v->if_array() : nullptr;
  std::vector<float> out;
  if (!list || !std::all_of(list->begin(), list->end(), [](auto& x) { return x.is_number(); }))
    return out;
  out.reserve(list->size());
  for (auto& x : *list)
    out.push_back(static_cast<float>(std::clamp(x.to_number<double>(), -3e38, 3e38)));
  return out;
}

size_t inputs_of(const request& req) {
  const auto asked = read_embedding_request(req);
  return asked ? asked->inputs.size() : 0;
}

void check_vectors(const std::vector<const json::value*>& vectors, size_t wanted, verdict& v) {
  if (vectors.empty() || (wanted > 0 && vectors.size() != wanted))
    return fail(v, reply_kind::malformed,
                "the answer has " + std::to_string(vectors.size()) + " embeddings, not " +
                  (wanted > 0 ? std::to_string(wanted) : "any"));
  for (const auto* vector : vectors)
    if (vector_of(vector).empty())
      return fail(v, reply_kind::malformed, "an embedding holds more than numbers");
}

std::string write_embeddings(const embedding_request& asked,
                             const std::vector<const json::value*>& vectors, const usage& used) {
  json::array data;
  for (size_t i = 0; i < vectors.size(); ++i)
    data.push_back(json::object{
      {"object", "embedding"},
      {"index", i},
      {"embedding", asked.base64 ? json::value(base64_encode(float_bytes(vector_of(vectors[i]))))
                                 : *vectors[i]}});
  json::object out{
    {"object", "list"}, {"data", std::move(data)}, {"model", json_string(asked.model)}};
  if (used.known)
    out["usage"] = json::object{{"prompt_tokens", used.input_tokens},
                                {"total_tokens", used.input_tokens + used.output_tokens}};
  return json::serialize(out);
}

} // namespace penstock::core
