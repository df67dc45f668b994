// Values: made, read, changed, written; shared parts, cycles, depth, threads.
#include "check.hpp"
#include "npstow.hpp"
#include "npstow/val.hpp"
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <unordered_map>

using npstow::array;
using npstow::status;
using npstow::val;
using npstow::val_kind;
using namespace std::string_literals;

namespace {

val read(const std::string& bytes)
{
    return npstow::read_pickle(bytes);
}

void making()
{
    const val made =
        val::dict({{"a", 1}, {"b", val::list({1.0, "x"})}, {3, nullptr}, {true, "yes"}});
    CHECK(made.repr() == "{'a': 1, 'b': [1.0, 'x'], 3: None, True: 'yes'}");
    CHECK(made.is_dict() && made.size() == 4 && made["b"].size() == 2 && !made.empty());
    CHECK(val().is_none() && val(nullptr).is_none() && val(false).is_bool() && val(1u).is_int());
    CHECK(val(1.5f).is_float() && val("x").is_str() && val("x"s).is_str() && val::list().is_list());
    CHECK(val::tuple({1}).repr() == "(1,)" && val::set({1, 1.0, 2}).repr() == "{1, 2}");
    CHECK(val::frozenset({"x"}).repr() == "frozenset({'x'})");
    CHECK(val::bytes("a\0b"s).repr() == "b'a\\x00b'" &&
          val::bytearray("q").repr() == "bytearray(b'q')");
    CHECK(val(std::complex<double>(1, -2)).repr() == "(1-2j)");
    CHECK(val(~std::uint64_t{0}).repr() == "18446744073709551615");
    CHECK(val::big("-1000000000000000000000").repr() == "-1000000000000000000000");
    CHECK(val::big("-1000000000000000000000").digits() == "-1000000000000000000000");
    CHECK(val::big("12").is_int() && val::big("12") == 12 && val(7).digits() == "7");
    CHECK_THROWS(status::invalid, "'1x'", val::big("1x"));
    CHECK(val(std::vector<int>{1, 2}).repr() == "[1, 2]");
    CHECK(val(std::vector<bool>{true, false}).repr() == "[True, False]");
    CHECK(val(std::vector<std::vector<double>>{{1}, {}}).repr() == "[[1.0], []]");
    CHECK(val(std::map<std::string, int>{{"x", 1}, {"y", 2}}).repr() == "{'x': 1, 'y': 2}");
    CHECK(val(std::map<int, val>{{1, "x"}, {2, 2.5}}).repr() == "{1: 'x', 2: 2.5}");
    CHECK(val(std::set<int>{2, 1}).repr() == "{1, 2}");
    CHECK(val(array::from(std::vector<float>{1, 2})).repr() == "<array <f4 (2,)>");
    CHECK(val(array()).is_none());
    // The last value of a key counts; 1, 1.0 and true are one key.
    CHECK(val::dict({{1, "a"}, {1.0, "b"}, {true, "c"}}).repr() == "{1: 'c'}");
    CHECK(val::dict({{val::tuple({1, "x"}), 2}})[val::tuple({1.0, "x"})] == 2);
    std::ostringstream out;
    out << made["b"];
    CHECK(out.str() == "[1.0, 'x']" && made.kind_name() == "dict"s &&
          val().kind_name() == "NoneType"s);
    CHECK(made["b"].json() == R"([1.0,"x"])");
}

void getting()
{
    const val v = read(
        "\x80\x02(K\x05G@\x04\0\0\0\0\0\0\x88X\x01\0\0\0xU\x01\xff\x8a\x09\0\0\0\0\0\0\0\0\x40t."s);
    const int whole = v[0];
    const double real = v[1], from_whole = v[0];
    const bool flag = v[2];
    std::string text = v[3];
    text = v[3];
    if (!v[2]) CHECK(false);
    static_assert(!std::is_constructible_v<val, char> && !std::is_constructible_v<val, void*>);
    static_assert(!std::is_constructible_v<val, val*> && std::is_constructible_v<val, char*>);
    CHECK(whole == 5 && real == 2.5 && from_whole == 5.0 && flag && text == "x");
    CHECK(v[-1].get<double>() == std::ldexp(1.0, 70) && v[-1].digits() == "1180591620717411303424");
    CHECK(v[0] == 5 && 5 == v[0] && v[0] != 6 && v[3] == "x" && v[3] != "y"s && v[1] == 2.5);
    CHECK(v[0].get<std::uint8_t>() == 5 && v[2].get<int>() == 1 && v[4].text() == "\xff");
    CHECK(v[0].get<std::complex<double>>() == std::complex<double>(5, 0));
    CHECK_THROWS(status::mismatch, "expected an integer, found float", v[1].get<int>());
    CHECK_THROWS(status::mismatch, "expected a boolean, found int", v[0].get<bool>());
    CHECK_THROWS(status::mismatch, "expected a real number, found str", v[3].get<double>());
    CHECK_THROWS(status::mismatch, "expected a text, found int", v[0].get<std::string>());
    CHECK_THROWS(status::mismatch, "expected a text, found bytes", v[4].get<std::string>());
    CHECK_THROWS(status::mismatch, "64 bits", v[5].get<std::int64_t>());
    CHECK_THROWS(status::mismatch, "64 bits", v[5].get<std::uint64_t>());
    CHECK_THROWS(status::mismatch, "8 bits, found 300", val(300).get<std::uint8_t>());
    CHECK_THROWS(status::mismatch, "16 bits, found -40000", val(-40000).get<std::int16_t>());
    CHECK_THROWS(status::mismatch, "without a sign", val(-1).get<std::uint64_t>());
    CHECK_THROWS(status::mismatch, "without a sign", val(-1).get<std::size_t>());
    CHECK(val(~std::uint64_t{0}).get<std::uint64_t>() == ~std::uint64_t{0});
    CHECK_THROWS(status::mismatch, "a smaller float", val(1e300).get<float>());
    CHECK(std::isinf(val(INFINITY).get<float>()) && val(0.5).get<float>() == 0.5f);
    CHECK_THROWS(status::not_found, "the item 6 of 6", v[6]);
    CHECK_THROWS(status::not_found, "the item -7 of 6", v[-7]);
    CHECK_THROWS(status::mismatch, "expected a dictionary, found tuple", v["x"]);
    CHECK_THROWS(status::mismatch, "expected a list, a tuple or a set, found int", v[0][0]);

    const val lists = val::dict(
        {{"i", val::list({1, 2, 3})}, {"d", val::tuple({1, 2.5})}, {"s", val::list({"a", "b"})}});
    const std::vector<int> ints = lists["i"];
    const auto doubles = lists["d"].get<std::vector<double>>();
    const std::vector<std::string> texts = lists["s"];
    CHECK(ints == std::vector<int>{1, 2, 3} && doubles == std::vector<double>{1, 2.5});
    CHECK(texts.size() == 2 && texts[1] == "b" && lists["i"].get<std::set<int>>().count(3) == 1);
    CHECK_THROWS(status::mismatch, "found str", lists["s"].get<std::vector<int>>());
    CHECK_THROWS(status::mismatch, "found dict", lists.get<std::vector<int>>());
    const std::map<std::string, std::vector<int>> map = val::dict({{"x", val::list({1})}});
    CHECK(map.at("x")[0] == 1);
    CHECK((val::dict({{1, "x"}}).get<std::unordered_map<int, std::string>>().at(1) == "x"));
    CHECK_THROWS(status::mismatch, "found int",
                 (val::dict({{1, "x"}}).get<std::map<std::string, int>>()));
    CHECK(val(array::from(std::vector<int>{1, 2})).get<std::vector<double>>() ==
          std::vector<double>{1, 2});
    CHECK_THROWS(status::mismatch, "expected one axis",
                 val(array::from(std::vector<int>{1, 2}, {1, 2})).get<std::vector<int>>());
    CHECK(lists.get_or("none", 7) == 7 && lists.get_or("i", std::vector<int>()).size() == 3);
}

void changing()
{
    val v;
    v["a"] = 1;
    v["b"]["c"] = val::list();
    v["b"]["c"].push(1).push("x");
    v["b"]["d"] = std::vector<double>{0.5};
    v["hits"] = array::from(std::vector<double>{1, 2, 3});
    CHECK(v.repr() == "{'a': 1, 'b': {'c': [1, 'x'], 'd': [0.5]}, 'hits': <array <f8 (3,)>}");
    CHECK(v["hits"].view<double>()[2] == 3 && v["hits"].shape() == npstow::shape_type{3});
    CHECK(v["hits"].descr() == "<f8");
    v["b"]["c"][0] = 5;
    v["b"]["c"][-1] = nullptr;
    CHECK(v["b"]["c"] == val::list({5, nullptr}) && v["b"]["c"] != val::list({5}));
    v.set("e", 1).set("e", 2);
    CHECK(v["e"] == 2 && v.has("e") && v.erase("e") && !v.erase("e") && !v.has("e") &&
          v.size() == 3);
    CHECK(v.find("a") && *v.find("a") == 1 && !v.find("zz") && !v["a"].find("x"));
    CHECK_THROWS(status::not_found, "the key 'zz'", v.at("zz"));
    CHECK(!v.has("zz"));
    CHECK_THROWS(status::mismatch, "a key that cannot change", v[val::list()]);
    CHECK_THROWS(status::mismatch, "expected a list, a tuple or a set, found int", v["a"].push(1));
    CHECK_THROWS(status::mismatch, "expected a dictionary, found int", v["a"].set("x", 1));
    // A copy is apart from its original, at every depth.
    val copy = v;
    copy["b"]["c"].push(7);
    copy["a"] = 2;
    CHECK(v["b"]["c"].size() == 2 && copy["b"]["c"].size() == 3 && v["a"] == 1);
    v["itself"] = v;
    CHECK(v["itself"].size() == 3 && v.size() == 4);
    val list;
    list.push(1);
    for (val& each : list) each = 2;
    CHECK(list.repr() == "[2]");
    int pairs = 0;
    for (auto& [key, value] : copy.items()) {
        pairs++;
        if (key == "a") value = "changed";
    }
    CHECK(pairs == 3 && copy["a"] == "changed");
    const val fixed = copy;
    std::string keys;
    for (const auto& [key, value] : fixed.items())
        keys += key.get<std::string>() + value.kind_name();
    CHECK(keys == "astrbdicthitsndarray");
    // Many keys, of all kinds.
    val many = val::dict();
    for (int n = 0; n < 1000; n++) many[n] = n;
    for (int n = 0; n < 1000; n++) many[std::to_string(n)] = n;
    many[val::tuple({1, "x"})] = 1;
    many[nullptr] = 2;
    many[0.5] = 3;
    many[5.0] = 55;
    CHECK(many.size() == 2003 && many[999] == 999 && many["999"] == 999 && many[5] == 55);
    CHECK(many[val::tuple({true, "x"})] == 1 && many[nullptr] == 2 && many[0.5] == 3);
    CHECK(many.erase(0) && !many.has(0) && many[1] == 1 && many["0"] == 0);
    CHECK(many == read(npstow::to_pickle(many, 4)));
}

/// {'x': s, 'y': s, 'n': 1} with one s = [1, 2.5, 'a', None, b'qq'].
val shared()
{
    return read("\x80\x04}(\x8c\x01x](K\x01G@\x04\0\0\0\0\0\0\x8c\x01"
                "aNC\x02qqe\x94\x8c\x01yh\0\x8c\x01nK\x01u."s);
}

void sharing()
{
    val v = shared();
    const val fixed = shared();
    CHECK(fixed["x"].is(fixed["y"]) && !fixed["x"].is(fixed["n"]) && fixed["n"].is(fixed["n"]));
    // Looked at, also by what could change it: still one object.
    CHECK(v["x"][0] == 1 && v["y"][1] == 2.5);
    for (auto& [key, value] : v.items()) CHECK(!key.is_none() && !value.is_none());
    const val again = read(npstow::to_pickle(v, 4));
    CHECK(again["x"].is(again["y"]) && again == v);
    // One of them changed: two then.
    v["x"][0] = 2;
    const val apart = read(npstow::to_pickle(v, 4));
    CHECK(!apart["x"].is(apart["y"]) && apart["x"][0] == 2 && apart["y"][0] == 1);
    v["x"][0] = 1;
    const val together = read(npstow::to_pickle(v, 4));
    CHECK(together["x"].is(together["y"]));
    v["n"] = 5;
    v["z"] = v["y"];
    const val more = read(npstow::to_pickle(v, 5));
    CHECK(more["x"].is(more["y"]) && more["y"].is(more["z"]) && more["n"] == 5);
    // What is made here is shared by its copies.
    const val item = val::list({1});
    const val made =
        read(npstow::to_pickle(val::dict({{"a", item}, {"b", val::tuple({item})}}), 2));
    CHECK(made["a"].is(made["b"][0]));
    val longer = shared();
    longer["x"].push(1);
    longer.erase("n");
    CHECK(read(npstow::to_pickle(longer, 4)).repr() ==
          "{'x': [1, 2.5, 'a', None, b'qq', 1], 'y': [1, 2.5, 'a', None, b'qq']}");
}

void cycles()
{
    // d = {}; d['self'] = d; d['list'] = [d]
    val v = read("\x80\x04}\x94(\x8c\x04selfh\0\x8c\x04list]h\0au."s);
    CHECK(v.repr() == "{'self': {...}, 'list': [{...}]}");
    CHECK(v["self"]["self"]["list"][0]["self"].size() == 2);
    const val fixed = read("\x80\x04}\x94(\x8c\x04selfh\0\x8c\x04list]h\0au."s);
    CHECK(fixed["self"]["list"][0].is(fixed["self"]) && fixed["self"] == fixed);
    const val again = read(npstow::to_pickle(v, 4));
    CHECK(again["self"].is(again["list"][0]) && again.repr() == v.repr());
    v["new"] = 1;
    CHECK(v.size() == 3 && v["self"].size() == 2);
    CHECK(read(npstow::to_pickle(v, 4)).size() == 3);
    // As deep as memory reaches, made here and read.
    val deep = val::list();
    for (int n = 0; n < 300000; n++) deep = val::list({std::move(deep)});
    const std::string bytes = npstow::to_pickle(deep, 4);
    const val back = read(bytes);
    const val* at = &back;
    int depth = 0;
    while (!at->empty()) {
        at = &(*at)[0];
        depth++;
    }
    CHECK(depth == 300000 && npstow::to_pickle(back, 4) == bytes && back == deep);
    val dicts;
    for (int n = 0; n < 100000; n++) dicts = val::dict({{"d", std::move(dicts)}});
    CHECK(npstow::to_pickle(dicts, 2).size() > 300000);
    // A reference that is kept behind a copy: no way to do it, and no endless one.
    val knot = val::list({1});
    val& kept = knot[0];
    kept = knot;
    CHECK_THROWS(status::invalid, "put into itself", knot.repr());
    kept = nullptr;
    CHECK(knot == val::list({nullptr}));
    // Keys that stay in the file, in a dictionary of many.
    val keys = val::dict();
    for (char n = 0; n < 20; n++) keys[std::string(100000, static_cast<char>('a' + n))] = int(n);
    npstow::save_pickle(keys, check::path("keys.pkl"));
    const val found = npstow::load_pickle(check::path("keys.pkl"));
    CHECK(found[std::string(100000, 'c')] == 2 && !found.has(std::string(100001, 'c')));
}

void objects()
{
    const val v = read("\x80\x04"
                       "cposix\nsystem\nX\x02\0\0\0rm\x85R}X\x01\0\0\0sK\x01sb(K\x05"
                       "e(K\x06K\x07u."s);
    CHECK(v.is_object() && v.module() == "posix" && v.name() == "system");
    CHECK(v.args() == val::tuple({"rm"}) && v.state()["s"] == 1);
    CHECK(v.appended() == val::list({5}) && v.pairs() == val::list({val::tuple({6, 7})}));
    CHECK(v.find_path("args/0") == "rm" && v.find_path("") == v);
    CHECK(v.find_path("state").is(v.state()) && v.args().is(v.find_path("args/0")) == false);
    CHECK_THROWS(status::not_found, "'args/1'", v.find_path("args/1"));
    CHECK_THROWS(status::not_found, "the state of list", val::list({1}).state());
    CHECK_THROWS(status::mismatch, "expected an object, found list", val::list().appended());
    CHECK_THROWS(status::mismatch, "found object", v.get<int>());
    const val kept = read(npstow::to_pickle(val::list({v, v}), 4));
    CHECK(kept[0] == v && kept[0].is(kept[1]) && val(1).module().empty());
    check::write(check::path("object.pkl"), npstow::to_pickle(v, 4));
    const npstow::pickle_scan scan = npstow::scan_pickle(check::path("object.pkl"));
    CHECK(scan.mentions.size() == 1 && scan.mentions[0].module == "posix" && scan.fault.empty());
    CHECK(scan.worst == npstow::verdict::code && scan.mentions[0].name == "system" &&
          scan.pickles == 1);
    npstow::launder_pickle(check::path("object.pkl"), check::path("clean.pkl"));
    const val clean = npstow::load_pickle(check::path("clean.pkl"));
    CHECK(clean["$object"]["class"] == "posix.system");
    CHECK(npstow::scan_pickle(check::path("clean.pkl")).mentions.empty());
}

void files()
{
    const std::string path = check::path("v.pkl");
    const val hits = array::from(std::vector<double>(10000, 0.25));
    const val made = val::dict({{"hits", hits},
                                {"again", hits},
                                {"long", std::string(100000, 'y')},
                                {"b", val::bytes(std::string(100000, 'z'))}});
    for (int protocol = 2; protocol <= 5; protocol++) {
        npstow::save_pickle(made, path, protocol);
        val v = npstow::load_pickle(path);
        CHECK(v == made && v["hits"].view<double>()[9999] == 0.25 && v["long"].size() == 100000);
        CHECK(v["b"].text().back() == 'z' && v["hits"].shape()[0] == 10000 &&
              v["hits"].descr() == "<f8");
        CHECK(v["hits"].array().size() == 10000 && v["hits"].get<std::vector<double>>()[1] == 0.25);
        v["new"] = 1;
        npstow::save_pickle(v, path, protocol);
        const val again = npstow::load_pickle(path);
        CHECK(again["hits"].is(again["again"]) && again["new"] == 1 && again["long"] == v["long"]);
    }
    CHECK_THROWS(status::unsupported, "protocol 6", npstow::save_pickle(made, path, 6));
    CHECK_THROWS(status::io, "absent.pkl", npstow::load_pickle(check::path("absent.pkl")));
    CHECK_THROWS(status::corrupt, "", read("\x80\x04}("));
    CHECK_THROWS(status::corrupt, "", read(""));
    npstow::pickle_options options;
    options.strings = npstow::strings_of_2::latin1;
    CHECK(npstow::read_pickle("U\x02\xb5mq\0."s, options) == "\xc2\xb5m");
    options.limits.values = 2;
    CHECK_THROWS(status::limit, "", npstow::read_pickle("](]]]]e.", options));
    const unsigned char outside[] = {1, 2, 3};
    npstow::pickle_options buffers;
    buffers.buffers.push_back(npstow::span<const unsigned char>(outside, 3));
    CHECK(npstow::read_pickle("\x80\x05\x97\x98."s, buffers).text() == "\x01\x02\x03");
    const npstow::node root = npstow::open(path).root();
    CHECK(npstow::to_val(root)["new"] == 1);
    CHECK(npstow::load_val(path)["new"] == 1 && npstow::load_val(path + ":new") == 1);
    CHECK(npstow::load_val(path + ":hits").array().size() == 10000);
    CHECK_THROWS(status::not_found, "'none'", npstow::load_val(path + ":none"));
    npstow::save_val(made["hits"], check::path("hits.npy"));
    CHECK(npstow::load(check::path("hits.npy")).size() == 10000);
    npstow::save_val(made, check::path("byname.pkl"));
    CHECK(npstow::load_val(check::path("byname.pkl")) == made);
    CHECK_THROWS(status::unsupported, "", npstow::save_val(val::list({1}), check::path("l.h5")));
    CHECK(npstow::load_pickle(npstow::source::from_path(path), {})["new"] == 1);
    std::size_t written = 0;
    npstow::save_pickle_to(
        [&](const void*, std::size_t len) {
            written += len;
            return 0;
        },
        made, 4);
    CHECK(written > 280000);
    CHECK_THROWS(status::io, "",
                 npstow::save_pickle_to([](const void*, std::size_t) { return 5; }, made, 4));
}

void threads()
{
    const val v = shared();
    std::vector<std::thread> all;
    std::atomic<int> right{0};
    for (int n = 0; n < 8; n++)
        all.emplace_back([&] {
            for (int round = 0; round < 100; round++) {
                const val own = v;
                right += own["x"][0] == 1 && own["y"][2] == "a" && v["x"].is(v["y"]) && v == own;
            }
        });
    for (std::thread& each : all) each.join();
    CHECK(right == 800);
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    making();
    getting();
    changing();
    sharing();
    cycles();
    objects();
    files();
    threads();
    return check::end();
}
