// P1 with libnpy (github.com/llohse/libnpy), which is not part of this project: build with -I of a checkout.
#include "measure.hpp"
#include <npy.hpp>

int main(int, char** argv)
{
    return measure([&] { return npy::read_npy<float>(argv[1]); },
                   [](npy::npy_data<float>& a) { return sample(a.data.data(), a.data.size()); });
}
