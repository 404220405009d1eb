// What a monorepo that uses weft does: one dependency, one include.

#include <iostream>

#include "weft/weft.h"

static weft::task<int> answer(int part) {
  co_return part;
}

static weft::task<int> program() {
  auto [a, b] = co_await weft::when_all(answer(40), answer(2));
  std::cout << "consumer: " << a + b << "\n";
  co_return a + b == 42 ? 0 : 1;
}

int main() {
  return weft::run(program());
}
