#pragma once

#include <memory>

#include <curl/curl.h>

namespace waag::daemon {

/// Owners of libcurl's things.
template <auto fn>
struct CurlFree {
  template <class T>
  void operator()(T* p) const noexcept {
    fn(p);
  }
};
using CurlEasy = std::unique_ptr<CURL, CurlFree<curl_easy_cleanup>>;
using CurlMulti = std::unique_ptr<CURLM, CurlFree<curl_multi_cleanup>>;
using CurlList = std::unique_ptr<curl_slist, CurlFree<curl_slist_free_all>>;

}  // namespace waag::daemon
