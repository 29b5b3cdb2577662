#include "core/protocol/protocol.hpp"
#include "core/base/text.hpp"
#include "core/protocol/embedding_shape.hpp"
#include "core/protocol/null_protocol.hpp"
#include "core/protocol/openai_url.hpp"
#include "core/protocol/protocol_hooks.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

constexpr std::string_view openai_paths = "/v1/chat/completions or another path of OpenAI's";

constexpr std::array protocol_rows{
  protocol_info{.name = "openai",
                .base_url = "https://api.openai.com/v1",
                .api_key_env = "OPENAI_API_KEY",
                .charging = charge_rule::openai,
                .paths = openai_paths,
                .takes_pdf = true,
                .hooks = &openai_hooks},
  protocol_info{.name = "anthropic",
                .base_url = "https://api.anthropic.com",
                .api_key_env = "ANTHROPIC_API_KEY",
                .charging = charge_rule::anthropic,
                .paths = "/v1/chat/completions or /v1/messages",
                .is_own_path = is_anthropic_path,
                .takes_pdf = true,
                .hooks = &anthropic_hooks},
  protocol_info{.name = "gemini",
                .base_url = "https://generativelanguage.googleapis.com/v1beta",
                .api_key_env = "GEMINI_API_KEY",
                .charging = charge_rule::input_only,
                .paths = "/v1/chat/completions, /v1/embeddings or "
                         "/v1beta/models/MODEL:generateContent",
                .is_own_path = is_gemini_path,
                .takes_pdf = true,
                .hooks = &gemini_hooks},
  protocol_info{.name = "ollama",
                .base_url = "http://localhost:11434",
                .api_key_env = {},
                .paths = "/v1/chat/completions, /v1/embeddings, /api/chat, /api/generate or "
                         "/api/embed",
                .is_own_path = is_ollama_path,
                .hooks = &ollama_hooks},
  protocol_info{.name = "null",
                .base_url = {},
                .api_key_env = {},
                .paths = openai_paths,
                .hooks = &openai_hooks},
};

/// `base` without an ending that belongs to another API of the same server.
std::string_view native_base(std::string_view base, const protocol_hooks& hooks) noexcept {
  base = trim(base);
  while (base.ends_with('/'))
    base.remove_suffix(1);
  for (auto ending : hooks.foreign_endings)
    if (!ending.empty() && base.ends_with(ending))
      return base.substr(0, base.size() - ending.size());
  return base;
}

/// The protocol of one row.
class row_protocol : public protocol {
public:
  explicit row_protocol(const protocol_info& row) : row_{row}, hooks_{*row.hooks} {}

  std::string_view name() const noexcept override { return row_.name; }
  charge_rule charging() const noexcept override { return row_.charging; }

  result<http_request> encode(const request& req, std::string_view base_url,
                              std::string_view api_key,
                              std::string_view client_request_id) const override {
    auto native = hooks_.translate(row_, req, api_path_of(req.url, row_));
    if (!native)
      return native.error();
    auto url = join_url(
      hooks_.foreign_endings[0].empty() ? base_url : native_base(base_url, hooks_), native->path);
    if (!url)
      return url.error();
    auto call = make_call(req, std::move(*url), std::move(native->body), hooks_.key, api_key,
                          client_request_id);
    if (call && !hooks_.header.first.empty())
      call->headers.emplace_back(hooks_.header.first, hooks_.header.second);
    return call;
  }

  verdict decode(const request& req, const http_response& reply,
                 std::chrono::system_clock::time_point wall_now) const override {
    return judge_reply(req, reply, wall_now, hooks_.check);
  }

  std::string present(const request& req, std::string body, const verdict& v) const override {
    const auto kind = hooks_.read_chat ? api_path_of(req.url, row_) : api_path::other;
    const bool is_chat = kind == api_path::chat;
    if (!is_chat && (kind != api_path::embeddings || !hooks_.read_vectors))
      return outcome_body(std::move(body), v);
    if (v.kind != reply_kind::success)
      return error_text(v);
    if (v.repaired)
      body = outcome_body(std::move(body), v);
    const auto answer = answer_object(body);
    if (answer && is_chat)
      return write_chat_answer(hooks_.read_chat(req, *answer), v.used);
    if (answer)
      if (const auto asked = read_embedding_request(req))
        return write_embeddings(*asked, hooks_.read_vectors(*answer), v.used);
    return outcome_body(std::move(body), v);
  }

protected:
  const protocol_info& row_;
  const protocol_hooks& hooks_;
};

/// The protocol of requests that this process answers itself: no key, no HTTP.
class null_protocol final : public row_protocol {
public:
  using row_protocol::row_protocol;

  result<http_request> encode(const request& req, std::string_view base_url, std::string_view,
                              std::string_view) const override {
    auto native = hooks_.translate(row_, req, api_path_of(req.url, row_));
    if (!native)
      return native.error();
    http_request call;
    call.url.reserve(base_url.size() + native->path.size());
    call.url.append(base_url).append(native->path);
    call.body = std::move(native->body);
    return call;
  }
};

} // namespace

std::string protocol::present(const request&, std::string body, const verdict& v) const {
  return outcome_body(std::move(body), v);
}

std::span<const protocol_info> all_protocols() noexcept { return protocol_rows; }

const protocol_info* find_protocol_info(std::string_view name) noexcept {
  const auto found = std::ranges::find(protocol_rows, name, &protocol_info::name);
  return found == protocol_rows.end() ? nullptr : &*found;
}

bool takes_pdf(std::string_view protocol, std::string_view base_url) noexcept {
  const auto* row = find_protocol_info(protocol);
  if (!row || !row->takes_pdf)
    return false;
  const auto host_end = row->base_url.find('/', row->base_url.find("://") + 3);
  return row->is_own_path || base_url.starts_with(row->base_url.substr(0, host_end));
}

std::string protocol_list() {
  std::string out;
  for (size_t i = 0; i < protocol_rows.size(); ++i)
    out.append(i == 0                          ? ""
               : i + 1 == protocol_rows.size() ? " and "
                                               : ", ")
      .append(protocol_rows[i].name);
  return out;
}

const protocol* find_protocol(std::string_view name) noexcept {
  static const auto protocols = []<size_t... I>(std::index_sequence<I...>) {
    return std::array{row_protocol{protocol_rows[I]}...};
  }
  (std::make_index_sequence<protocol_rows.size() - 1>{});
  static const null_protocol null{protocol_rows.back()};
  if (name == null.name())
    return &null;
  const auto found = std::ranges::find(protocols, name, &row_protocol::name);
  return found == protocols.end() ? nullptr : &*found;
}

} // namespace penstock::core
