// Arrays: what they say of themselves, views that check, casts, what is made of C++'s memory.
#include "check.hpp"
#include "npstow.hpp"
#include <complex>
#include <limits>

using npstow::array;
using npstow::order;
using npstow::status;

namespace {

void descriptions()
{
    const array made = array::from(std::vector<float>{0, 1, 2, 3, 4, 5}, {2, 3});
    CHECK(made.descr() == "<f4");
    CHECK(made.shape() == npstow::shape_type{2, 3});
    CHECK(made.strides() == std::vector<std::ptrdiff_t>{12, 4});
    CHECK(made.ndim() == 2 && made.size() == 6 && made.itemsize() == 4 && made.nbytes() == 24);
    CHECK(made.kind() == 'f' && made.is_native() && made.is_contiguous());
    CHECK(!made.is_contiguous(order::fortran));
    CHECK(made.desc() == "(2, 3) <f4");
    CHECK(made.preview().find("5.") != std::string::npos);
    CHECK(!array() && array().size() == 0 && array().shape().empty() && array().descr().empty());

    const array copy = made;
    CHECK(copy.data() == made.data());
}

/// Every element type comes back as it went.
template <class T>
void element(const char* descr, T low, T high)
{
    const std::vector<T> values{low, high, low};
    const array made = array::from(values);
    CHECK(made.descr() == descr);
    CHECK(made.to_vector<T>() == values);
    npstow::save(check::path("element.npy"), values);
    const array read = npstow::load(check::path("element.npy"));
    CHECK(read.descr() == descr && read.to_vector<T>() == values);
    if constexpr (!std::is_same_v<T, std::complex<float>>) CHECK(read.view<T>().size() == 3);
    CHECK_THROWS(status::mismatch, "", read.view<std::complex<double>>());
    CHECK_THROWS(status::mismatch, "", read.to_vector<std::complex<double>>());
}

enum class colour : std::uint16_t { red = 1, blue = 300 };

void elements()
{
    element<bool>("|b1", false, true);
    element<signed char>("|i1", -128, 127);
    element<unsigned char>("|u1", 0, 255);
    element<short>("<i2", -32768, 32767);
    element<std::uint16_t>("<u2", 0, 65535);
    element<int>("<i4", std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
    element<std::uint32_t>("<u4", 0, 4294967295u);
    element<long long>("<i8", std::numeric_limits<long long>::min(), 5);
    element<long>(sizeof(long) == 8 ? "<i8" : "<i4", -1, 5);
    element<std::uint64_t>("<u8", 0, std::numeric_limits<std::uint64_t>::max());
    element<float>("<f4", -0.5f, 1e30f);
    element<double>("<f8", -0.5, 1e300);
    element<std::complex<float>>("<c8", {1, -2}, {3, 4});
    element<colour>("<u2", colour::red, colour::blue);
    if (sizeof(long double) == 16) element<long double>("<f16", -0.5L, 1e300L);
}

void views()
{
    const array made = array::from(std::vector<float>{0, 1, 2, 3, 4, 5}, {2, 3});
    const npstow::span<const float> view = made.view<float>();
    CHECK(view.data() == made.data() && view.size() == 6 && view[5] == 5);
    CHECK_THROWS(status::mismatch, "<f8", made.view<double>());
    CHECK_THROWS(status::mismatch, "<i4", made.view<int>());
    CHECK_THROWS(status::mismatch, "", made.transpose().view<float>());
    CHECK_THROWS(status::mismatch, "", made.select(":, ::2").view<float>());
    CHECK_THROWS(status::invalid, "", array().view<float>());
    CHECK(made.transpose().to_contiguous(order::c).view<float>()[1] == 3);
    CHECK(made.transpose().to_vector<float>() == std::vector<float>{0, 3, 1, 4, 2, 5});
    CHECK(made.select("-1, ::-1").to_vector<float>() == std::vector<float>{5, 4, 3});

    const array big = made.cast(">f4");
    CHECK(big.descr() == ">f4" && !big.is_native());
    CHECK_THROWS(status::mismatch, "", big.view<float>());
    CHECK(big.to_native().view<float>()[4] == 4);
    CHECK(big.to_vector<float>() == made.to_vector<float>());

    CHECK(array::from(std::vector<double>{}).view<double>().empty());
    CHECK(array::from(std::vector<double>{}, {0, 4}).shape() == npstow::shape_type{0, 4});
    CHECK(array::scalar(2.5).item<double>() == 2.5 && array::scalar(2.5).ndim() == 0);
    CHECK_THROWS(status::mismatch, "one element", made.item<float>());
}

void grids()
{
    const array made = array::from(std::vector<float>{0, 1, 2, 3, 4, 5}, {2, 3});
    const auto grid = made.grid<float, 2>();
    CHECK(grid(1, 2) == 5 && grid.extent(0) == 2 && grid.extent(1) == 3);
    CHECK(grid.at(1, 2) && *grid.at(1, 2) == 5 && !grid.at(2, 0) && !grid.at(0, -1));
    const array transposed = made.transpose();
    const auto turned = transposed.grid<float, 2>();
    CHECK(turned(2, 1) == 5 && turned.extent(0) == 3);
    CHECK(made.select("::-1, 1:").grid<float, 2>()(0, 0) == 4);
    CHECK_THROWS(status::mismatch, "3 axes", made.grid<float, 3>());
    CHECK_THROWS(status::mismatch, "<f8", made.grid<double, 2>());
    CHECK_THROWS(status::mismatch, "", made.cast(">f4").grid<float, 2>());
    CHECK_THROWS(status::invalid, "", array().grid<float, 2>());
}

void casts()
{
    const array made = array::from(std::vector<double>{1.5, -2.5, 3});
    CHECK(made.cast<float>().to_vector<float>() == std::vector<float>{1.5f, -2.5f, 3});
    CHECK(made.cast<int>().to_vector<int>() == std::vector<int>{1, -2, 3});
    CHECK(made.cast<float>().cast<double>().to_vector<double>() == made.to_vector<double>());
    CHECK_THROWS(status::corrupt, "nonsense", made.cast("nonsense"));
    CHECK_THROWS(status::mismatch, "-2.5", made.cast<unsigned>());
    CHECK_THROWS(status::unsupported, "<U3", made.cast("<U3"));
}

/// A byte of 2 is no bool for C++, so it is none for us.
void bools()
{
    const array made = array::from(std::vector<bool>{true, false, true});
    CHECK(made.view<bool>().size() == 3 && made.view<bool>()[0] && !made.view<bool>()[1]);
    npstow::save(check::path("bool.npy"), made);
    std::string bytes = check::read(check::path("bool.npy"));
    bytes.back() = 2;
    check::write(check::path("bool.npy"), bytes);
    const array odd = npstow::load(check::path("bool.npy"));
    CHECK(odd.descr() == "|b1");
    CHECK_THROWS(status::mismatch, "bool", odd.view<bool>());
    CHECK_THROWS(status::mismatch, "bool", odd.to_vector<bool>());
    bool into[3];
    CHECK_THROWS(
        status::mismatch, "bool",
        (npstow::open(check::path("bool.npy")).at("").read_into(npstow::span<bool>(into, 3)), 0));
    CHECK(!into[0] && !into[2]);
}

void memory()
{
    std::vector<float> mine{1, 2, 3, 4};
    const npstow::span<const float> all(mine);
    CHECK(array::borrow(all).data() == mine.data());
    CHECK(array::borrow(mine).data() == mine.data());
    CHECK(array::borrow(mine.data() + 1, {3, 1}).desc() == "(3, 1) <f4");
    CHECK_THROWS(status::limit, "", array::borrow(mine.data(), {std::size_t(1) << 62, 8}));
    CHECK(array::copy(all).data() != mine.data());
    CHECK(array::copy(all, {2, 2}).to_vector<float>() == mine);
    CHECK_THROWS(status::mismatch, "", array::copy(all, {2, 3}));
    CHECK_THROWS(status::mismatch, "", array::copy(all, {2}));
    CHECK_THROWS(status::mismatch, "", array::copy(all, {std::size_t(1) << 63, 8}));
    bool refused = false;
    try {
        array::borrow(all, {5});
    } catch (const npstow::error&) {
        refused = true;
    }
    CHECK(refused);
    const float* where = mine.data();
    const array taken = array::from(std::move(mine));
    CHECK(taken.data() == where);
    // Refused, and the vector's memory is given back all the same: the sanitizers look.
    CHECK_THROWS(status::mismatch, "(3,)", array::from(std::vector<float>{1, 2}, {3}));

    const std::vector<std::string> words{"Air", "", "Wässer"};
    const array texts = array::from_strings(words);
    CHECK(texts.descr() == "<U6" && texts.to_strings() == words);
    CHECK_THROWS(status::invalid, "NUL", array::from_strings({std::string("a\0b", 3)}));
    CHECK_THROWS(status::mismatch, "", array::from(std::vector<int>{1}).to_strings());
}

} // namespace

// What must not compile, and what a text with a NUL in it must not do.
static_assert(!std::is_assignable_v<array&&, array>, "an array that nobody holds is assigned to");
template <class T, class = void>
constexpr bool lends = false;
template <class T>
constexpr bool lends<T, std::void_t<decltype(array::borrow(std::declval<T>()))>> = true;
static_assert(lends<std::vector<float>&> && !lends<std::vector<float>>);
static_assert(!std::is_convertible_v<decltype(std::declval<array>().view<float>()),
                                     npstow::span<const float>>);

struct square {
    float numbers[2][2];
};
NPSTOW_ROW(square, float, 2, 2)
struct wide {
    float numbers[2][4];
};
NPSTOW_ROW(wide, float, 2, 4)

void mistakes()
{
    float sum = 0;
    for (const float one : array::from(std::vector<float>{1, 2, 3}).view<float>()) sum += one;
    CHECK(sum == 6);
    const auto held = array::from(std::vector<float>{1, 2, 3}).view<float>();
    CHECK(held.size() == 3 && held[2] == 3 && held.owner().size() == 3 && !held.empty());
    CHECK((array::from(std::vector<float>{1, 2, 3, 4}, {2, 2}).grid<float, 2>()(1, 0)) == 3);

    const auto shaped = [](npstow::shape_type shape) {
        return array::from(std::vector<float>(80), std::move(shape));
    };
    CHECK(shaped({10, 2, 4}).view<wide>().size() == 10);
    CHECK(shaped({10, 8}).view<wide>().size() == 10);
    CHECK(shaped({5, 2, 2, 4}).view<wide>().size() == 10);
    CHECK(shaped({20, 2, 2}).view<square>().size() == 20);
    CHECK_THROWS(status::mismatch, "(2, 4)", shaped({10, 4, 2}).view<wide>());
    CHECK_THROWS(status::mismatch, "(2, 4)", shaped({80}).view<wide>());
    CHECK_THROWS(status::mismatch, "(2, 4)", shaped({5, 2, 2, 2, 2}).to_vector<wide>());

    const std::string name("a\0b", 3);
    npstow::fold fold;
    fold.add("a", std::vector<int>{1});
    CHECK_THROWS(status::invalid, "NUL", fold.add(name, std::vector<int>{1}));
    CHECK_THROWS(status::invalid, "NUL", fold.get(name));
    CHECK(!fold.has(name) && !fold.remove(name) && fold.size() == 1);
    CHECK_THROWS(status::invalid, "NUL", npstow::load(name));
    CHECK_THROWS(status::invalid, "NUL", npstow::save(check::path("x") + name, fold.get("a")));
    CHECK_THROWS(status::invalid, "NUL", shaped({80}).select(std::string("0\0:5", 4)));
    npstow::meta meta;
    CHECK_THROWS(status::invalid, "NUL", meta.set("k", name));
    CHECK_THROWS(status::invalid, "NUL", meta.set(name, 7));
    CHECK(meta.empty() && !meta.has(name));

    npstow::decoder decoder(npstow::stream_form::npy);
    CHECK_THROWS(status::invalid, "room", decoder.filled(3));
}

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    descriptions();
    elements();
    views();
    grids();
    casts();
    bools();
    memory();
    mistakes();
    return check::end();
}
