#include <cstdio>

int main() { std::puts("waag 0.1.0"); }
