// What compilers say about a place in a coroutine, made fit for people.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/coroutine_name.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::inline WEFT_ABI::rt {
namespace {

#define WEFT_TEXT_(name) #name
#define WEFT_TEXT(name) WEFT_TEXT_(name)
const std::string ours = "weft::" WEFT_TEXT(WEFT_ABI) "::";

TEST(coroutine_name, of_a_function_as_clang_says_it_loses_its_result) {
  EXPECT_EQ(coroutine_name("weft::task<> app::serve(int)"), "app::serve(int)");
  EXPECT_EQ(coroutine_name("weft::task<T> app::twice(T) [T = int]"), "app::twice(T)");
  EXPECT_EQ(coroutine_name("auto main()::(anonymous class)::operator()() const"),
            "main()::(anonymous class)::operator()() const");
}

TEST(coroutine_name, of_a_function_as_gcc_says_it_loses_result_frame_and_inline_namespace) {
  EXPECT_EQ(coroutine_name(ours + "task<int> app::serve(int, std::string)"), "app::serve(int, std::string)");
  EXPECT_EQ(coroutine_name("void app::serve(serve(int)::_ZN3app5serveEi.Frame*)"), "app::serve(int)");
  EXPECT_EQ(coroutine_name("void serve(serve(" + ours + "semaphore&)::_Z5serve.Frame*)"),
            "serve(weft::semaphore&)");
  EXPECT_EQ(coroutine_name("void app::twice(twice<int>(int)::_ZN3app5twiceIiEEv.Frame*) [with T = int]"),
            "app::twice<int>(int)");
  EXPECT_EQ(coroutine_name("void main()::<lambda()>::operator()(main()::<lambda()>::_ZZ4mainE.Frame*)"),
            "main()::<lambda()>");
}

TEST(coroutine_name, in_an_unnamed_namespace_does_not_say_so) {
  EXPECT_EQ(coroutine_name("weft::task<> a::(anonymous namespace)::serve(int)"), "a::serve(int)");
  EXPECT_EQ(coroutine_name("void a::{anonymous}::serve(serve(int)::_ZN1aE.Frame*)"), "a::serve(int)");
}

TEST(coroutine_name, that_has_no_result_or_no_parameters_stays) {
  EXPECT_EQ(coroutine_name("main()::<lambda()>"), "main()::<lambda()>");
  EXPECT_EQ(coroutine_name("serve"), "serve");
  EXPECT_EQ(coroutine_name(""), "");
  EXPECT_EQ(coroutine_name("]"), "]");
  EXPECT_EQ(coroutine_name("::_Z.Frame*)"), "::_Z.Frame*)");
}

TEST(coroutine_name, with_long_lists_loses_the_lists) {
  const std::string list(100, 'a');
  EXPECT_EQ(coroutine_name("twice<" + list + ">(int)"), "twice<...>(int)");
  EXPECT_EQ(coroutine_name("twice(" + list + ")::one"), "twice(...)::one");
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
