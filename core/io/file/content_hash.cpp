#include "core/io/file/content_hash.hpp"

#include <openssl/evp.h>

#include <new>

namespace penstock::io {

namespace {

struct free_context {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using context_ptr = std::unique_ptr<EVP_MD_CTX, free_context>;

// SHA-256 is built into OpenSSL: only memory can fail.
context_ptr make_context() {
  context_ptr context{EVP_MD_CTX_new()};
  if (!context)
    throw std::bad_alloc{};
  return context;
}

void check(int succeeded) {
  if (succeeded != 1)
    throw std::bad_alloc{};
}

} // namespace

struct content_hash::impl {
  context_ptr context = make_context();
};

content_hash::content_hash() : impl_{std::make_unique<impl>()} {
  check(EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr));
}

content_hash::~content_hash() = default;
content_hash::content_hash(content_hash&&) noexcept = default;
content_hash& content_hash::operator=(content_hash&&) noexcept = default;

void content_hash::update(std::string_view bytes) {
  check(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()));
}

std::string content_hash::hex() const {
  const auto copy = make_context();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  check(EVP_MD_CTX_copy_ex(copy.get(), impl_->context.get()));
  check(EVP_DigestFinal_ex(copy.get(), digest, &size));
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

} // namespace penstock::io
