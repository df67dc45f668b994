#!/usr/bin/env python3
"""Pickles of objects of all kinds: read, written in protocols 2 to 5 and loaded equal by CPython, laundered and loaded.

    NPSTOW=target/release/npstow python tests/pickle_objects.py

Needs NumPy 2.x. Classes of this file, of the standard library and of NumPy, in protocols 0 to 5: enumerations, dataclasses, subclasses with
state of their own, random generators, masked records, dtypes with metadata, what has arguments by name.
"""
import sys,os,tempfile,pickle,warnings,enum,dataclasses,functools,collections,datetime,zoneinfo,decimal,pathlib,array,uuid,copyreg,operator,ipaddress,types
warnings.simplefilter("ignore")
import numpy as np, numpy.ma.mrecords as mr
import pickles as P
class IE(enum.IntEnum): A=1; B=2
class FL(enum.Flag): X=1; Y=2
class SE(str,enum.Enum): A="a"
@dataclasses.dataclass(frozen=True)
class DC: a:int; b:list
@dataclasses.dataclass
class DS:
    __slots__=("a","b")
    a:int; b:list
class NewEx:
    def __new__(cls,*a,k=None):
        s=object.__new__(cls); s.a=a; s.k=k; return s
    def __getnewargs_ex__(self): return (self.a,{"k":self.k})
    def __eq__(self,o): return (self.a,self.k)==(o.a,o.k)
class NewArgs(tuple):
    def __new__(cls,a,b): return tuple.__new__(cls,(a,b))
    def __getnewargs__(self): return tuple(self)
class Custom:
    def __reduce__(self): return (Custom,(),{"x":1},iter([1,2]),iter([("k",3)]))
    def __init__(self): self.l=[];self.d={}
    def append(self,x): self.l.append(x)
    def extend(self,x): self.l.extend(x)
    def __setitem__(self,k,v): self.d[k]=v
    def __eq__(self,o): return self.__dict__==o.__dict__
def setter(o,s): o.__dict__.update(s); o.set=True
class Six:
    def __reduce__(self): return (Six,(),{"x":1},None,None,setter)
    def __eq__(self,o): return self.__dict__.get("x")==1
    def __init__(self): self.x=1
class Sub(np.ndarray):
    def __reduce__(self):
        f,a,s=super().__reduce__(); return f,a,(s,{"unit":"m"})
    def __setstate__(self,s):
        super().__setstate__(s[0]); self.unit=s[1]["unit"]
class MSub(np.ma.MaskedArray): pass
class OD(collections.OrderedDict): pass
class DD(dict): pass
class SS(set): pass
class II(int): pass
class TT(str): pass
class FF(float): pass
class BB(bytes): pass
od=OD(a=1); od.attr=5
ss=SS([1,2]); 
sub=np.arange(3.0).view(Sub); sub.unit="m"
utc=datetime.timezone.utc
class Node: pass
n=Node(); n.me=n; n.kids=[n,{"n":n}]
objs=dict(
 intenum=IE.A, flag=FL.X|FL.Y, strenum=SE.A, dataclass=DC(1,[2]), dslots=DS(1,[2]), newex=NewEx(1,2,k=[3]), newargs=NewArgs(1,2), custom=Custom(), six=Six(), sub=sub, od=od, dd=DD(a=1), ss=ss, ii=II(5), tt=TT("x"), ff=FF(1.5), bb=BB(b"x"),
 partial=functools.partial(int,base=2), getter=operator.attrgetter("a.b"), ell=[..., NotImplemented], exc=ValueError("x",1), oserr=FileNotFoundError(2,"no","f"), zone=datetime.datetime(2020,1,1,tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")), fold=datetime.datetime(2020,1,1,fold=1), tm=datetime.time(1,2,3,4,tzinfo=utc), dnan=[decimal.Decimal("sNaN"),decimal.Decimal("-Infinity"),decimal.Decimal("1E+30")], abspath=[pathlib.PurePosixPath("/a/b"),pathlib.PosixPath("x"),pathlib.PureWindowsPath("c:\\x\\y")], arrs=[array.array(c,[1,2]) for c in "bBhHiIlLqQfd"]+[array.array("u","aé")], ip=ipaddress.ip_address("1.2.3.4"), ns=types.SimpleNamespace(a=1), chain=collections.ChainMap({"a":1}), udict=collections.UserDict(a=1), 
 voidscalar=np.zeros(2,[("a","u1"),("b","f4")])[0], recscalar=np.rec.array([(1,2.5)],dtype=[("a","i4"),("b","f8")])[0], chararr=np.char.array(["a","bc"]), msub=np.ma.masked_array([1,2],[0,1]).view(MSub), mrec=mr.fromarrays([np.array([1,2]),np.array([1.5,2.5])],names="a,b"), maskconst=np.ma.masked, mrecmask=np.ma.array([(1,2.0)],mask=[(True,False)],dtype=[("a","i4"),("b","f8")]), 
 rs=np.random.RandomState(1), gen=np.random.default_rng(1), pcg=np.random.PCG64DXSM(3), phil=np.random.Philox(1), seed=np.random.SeedSequence(5), 
 dmeta=np.dtype("M8[ns]",metadata={"a":1}), rmeta=np.dtype([("a","u1")],metadata={"a":1}), fmeta=np.dtype([("a",np.dtype("f4",metadata={"u":"m"}))]), titles=np.dtype([(("T","a"),"u1")]), sdt=np.array(["a","bb"],dtype=np.dtypes.StringDType()) if hasattr(np.dtypes,"StringDType") else 1, sdt2=np.dtypes.StringDType(na_object=None) if hasattr(np.dtypes,"StringDType") else 1,
 objf=np.asfortranarray(np.array([[1,[2]],[{"a":3},None]],dtype=object)), objrec=np.array([(1,"x")],dtype=[("a","i4"),("o",object)]), obj0=np.array(None,dtype=object), poly=np.poly1d([1,2,3]), ufunc=np.add, dt=np.float64, npbool=np.bool_(False), nested=np.array([np.arange(2),np.arange(3)],dtype=object), ma0=np.ma.array(5.0,mask=True), mat=np.matrix("1 2;3 4"), 
 cyc=n, slices=[slice(None),slice(1,None,-1),range(0),range(5,-5,-2)], memo=(lambda x:[x,x,(x,x)])(bytearray(b"abc")), fz=frozenset([frozenset([1]),(2,frozenset())]), big=[2**2040,-2**2039,-2**2040], strange={"a\nb":1,"c d":2},
)
def eq(a,b):
    try:
        if pickle.dumps(a,4)==pickle.dumps(b,4): return True
    except Exception: pass
    return repr(a)==repr(b) or P.same(a,b)


def one(name, v, protocol, fault):
    try:
        data = pickle.dumps(v, protocol)
        want = pickle.loads(data)
    except Exception:
        return  # CPython itself does not.
    with open("x.pkl", "wb") as f:
        f.write(data)
    for words in (["show", "x.pkl"], ["show", "--json", "x.pkl"], ["digest", "x.pkl"], ["ls", "x.pkl"], ["verify", "x.pkl"]):
        done = P.run(*words)
        fault.add(done.returncode == 0, f"{name} {protocol} {words}: {done.stderr.strip()[:200]}")
    for target in (2, 3, 4, 5):
        done = P.run("convert", "x.pkl", "y.pkl", "--protocol", str(target))
        if done.returncode:
            fault.add(False, f"{name} {protocol} to {target}: {done.stderr.strip()[:200]}")
            continue
        try:
            with open("y.pkl", "rb") as f:
                got = pickle.load(f)
            fault.add(eq(got, want), f"{name} {protocol} to {target}: {got!r:.150} instead of {want!r:.150}")
        except Exception as e:
            fault.add(False, f"{name} {protocol} to {target} does not load: {e!r:.200}")
    done = P.run("launder", "x.pkl", "z.pkl")
    fault.add(done.returncode == 0, f"{name} {protocol} laundered: {done.stderr.strip()[:200]}")
    try:
        with open("z.pkl", "rb") as f:
            pickle.load(f)
    except Exception as e:
        fault.add(False, f"{name} {protocol} laundered does not load: {e!r:.200}")


def main():
    report, checks = P.Report(), P.Checks()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, value in objs.items():
            for protocol in range(6):
                one(name, value, protocol, checks)
        os.chdir("/")
    report.check("objects", checks.faults, checks.total)
    report.finish()


if __name__ == "__main__":
    main()
