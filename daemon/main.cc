#include <cstdio>

int main() { std::puts("waagd 0.1.0"); }
