// The road without exceptions: errors are values, what failed is empty. Built with -fno-exceptions,
// and linked with code that has them (noexcept_other.cpp).
#include "check.hpp"
#include "npstow.hpp"
#include "npstow/val.hpp"

#if NPSTOW_EXCEPTIONS
#error "this test is of builds without exceptions"
#endif

using npstow::array;
using npstow::error;
using npstow::fold;
using npstow::status;
using npstow::val;

int with_exceptions(const char* path);

namespace {

struct photon {
    float x, y;
};
NPSTOW_ROW(photon, float, 2)

void arrays()
{
    error error;
    const array none = npstow::load(check::path("absent.npy"), error);
    CHECK(!none && error.status() == status::io);
    CHECK(none.view<float>(error).empty() && error.status() == status::invalid);
    CHECK(none.to_vector<float>(error).empty() && error.status() == status::invalid);
    CHECK(!none.cast<int>(error) && error.status() == status::invalid);

    npstow::save(check::path("p.npy"), std::vector<photon>{{1, 2}, {3, 4}}, error);
    CHECK(!error);
    const array read = npstow::load(check::path("p.npy"), error);
    CHECK(!error && read.view<photon>(error)[1].y == 4);
    CHECK(read.view<double>(error).empty() && error.status() == status::mismatch);
    CHECK(read.view<float>(error).size() == 4 && !error);
    CHECK(read.grid<int, 2>(error).empty() && error.status() == status::mismatch);
    CHECK(!array::copy(npstow::span<const float>(), {3}, error) &&
          error.status() == status::mismatch);
}

void folds()
{
    error error;
    fold made;
    made.add("hit", std::vector<int>{1, 2}, error);
    made.add("hit", std::vector<int>{1, 2}, error);
    CHECK(error.status() == status::exists);
    made.set_meta("run", 7, error);
    CHECK(!error && made.get_meta<int>("run", error) == 7);
    CHECK(made.get_meta<int>("none", error) == 0 && error.status() == status::not_found);
    made.save(check::path("f.npz"), error);
    CHECK(!error);
    const fold read = fold::load(check::path("f.npz"), error);
    CHECK(read && fold::compare(made, read, error).is_same());
    const fold none = fold::load(check::path("absent"), error);
    CHECK(!none && error.status() == status::io && none.names().empty());
    CHECK(!none.get("x", error) && error.status() == status::invalid);
    CHECK(!made.get_subfold("x", error) && error.status() == status::not_found);
    for (const npstow::node& child :
         npstow::open(check::path("f.npz"), error).root(error).children(error))
        CHECK(child.name() == "hit" && child.read_vector<int>(error).size() == 2);
}

void values()
{
    error error;
    CHECK(npstow::load_pickle(check::path("absent.pkl"), error).is_none() &&
          error.status() == status::io);
    val made = val::dict({{"a", 1}, {"b", val::list({2.5, "x"})}});
    made.set("c", 7, error).at("b", error).push(nullptr, error);
    CHECK(!error && made.repr(error) == "{'a': 1, 'b': [2.5, 'x', None], 'c': 7}");
    CHECK(made.at("b", error).at(0, error).get<double>(error) == 2.5 && !error);
    CHECK(made.at("none", error).is_none() && error.status() == status::not_found);
    CHECK(made.at(0, error).is_none() && error.status() == status::not_found);
    CHECK(made.at("a", error).at("x", error).is_none() && error.status() == status::mismatch);
    CHECK(made.at("b", error).at(9, error).is_none() && error.status() == status::not_found);
    CHECK(made.at("a", error).get<std::string>(error).empty() &&
          error.status() == status::mismatch);
    CHECK(made.at("b", error).get<std::vector<int>>(error).empty() &&
          error.status() == status::mismatch);
    CHECK(made.get_or("none", 3, error) == 3 && !error && !made.find("none", error));
    CHECK(made.items(error).size() == 3 && val(1).items(error).empty() &&
          error.status() == status::mismatch);
    CHECK(val(1).values(error).empty() && error.status() == status::mismatch);
    npstow::save_pickle(made, check::path("v.pkl"), error);
    const val read = npstow::load_pickle(check::path("v.pkl"), error);
    CHECK(!error && read.equals(made, error) && read.at("c", error).get<int>(error) == 7);
    npstow::save_pickle(made, check::path("v.pkl"), 9, error);
    CHECK(error.status() == status::unsupported);
    CHECK(npstow::read_pickle("(", error).is_none() && error.status() == status::corrupt);
    CHECK(val::big("1x", error).is_none() && error.status() == status::invalid);
    CHECK(read.state(error).is_none() && error.status() == status::not_found);
    const val text("x");
    CHECK(text.view<float>(error).empty() && error.status() == status::mismatch);
    const val odd = val::list({std::string("\xff")});
    CHECK(odd.repr(error).empty() && error.status() == status::invalid);
    CHECK(npstow::to_pickle(odd, 4, error).empty() && error.status() == status::invalid);
}

void callbacks()
{
    error error;
    const auto broken = npstow::source::from_reader(
        100, [](std::uint64_t, void*, std::size_t) { return 5; }, error);
    CHECK(!error && !npstow::open(broken, "x.npy", error));
    CHECK(error.status() == status::io && error.system_error() == 5);
    fold made;
    made.add("x", std::vector<int>{1}, error);
    made.save_to([](const void*, std::size_t) { return 5; }, {"npz"}, error);
    CHECK(error.status() == status::io);
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    arrays();
    folds();
    values();
    callbacks();
    CHECK(with_exceptions(check::path("absent.npy").c_str()) == 60 + 7);
    return check::end();
}
