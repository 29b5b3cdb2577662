#pragma once

#include "apps/mock/mock_random.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::mock {

/// The words of a request, independent of the protocol. The same conversation gets the same answer
/// through every protocol. White space does not count: some protocols keep texts apart, others join
/// them with line breaks. Calls of tools and their results do not count either.
class conversation {
public:
  enum class role : char { system = 's', user = 'u', assistant = 'a' };

  /// One text of a message.
  void say(role who, std::string_view text);
  /// An image or a document: its data in base64, or its address.
  void attach(std::string_view data);

  /// Hash of the words.
  uint64_t hash() const { return mix(system_.hash + mix(rest_.hash + mix(attachments_))); }
  /// The first 64 code points of what the user said last, with single spaces.
  const std::string& last_text() const { return text_; }
  /// The same system's words, and nothing said yet.
  conversation beginning() const;

private:
  struct words {
    uint64_t hash = 0xcbf29ce484222325ull;
    bool gap = true; ///< The last character was white space, or there was none yet.
    void add(std::string_view text);
  };
  words system_, rest_;
  uint64_t attachments_ = 0;
  role last_ = role::assistant;
  std::string text_;
};

} // namespace penstock::mock
