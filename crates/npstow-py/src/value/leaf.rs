//! Values that have no parts: numbers, texts, bytes, names.
#![forbid(unsafe_code)]

use super::Maker;
use crate::work;
use npstow::{Form, ValueRef};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyByteArray, PyBytes, PyComplex, PyFloat, PyInt, PyString};

/// Longer keys are rarely the same.
const LONGEST: usize = 64;

/// How many keys are remembered.
const MOST: usize = 1 << 10;

/// Keys that were met before: records have the same ones again and again.
#[derive(Default)]
pub(super) struct Texts<'py>(Vec<Option<(Box<str>, Bound<'py, PyAny>)>>);

impl<'py> Texts<'py> {
    fn get(&mut self, py: Python<'py>, text: &str) -> Bound<'py, PyAny> {
        if text.len() > LONGEST {
            return PyString::new(py, text).into_any();
        }
        if self.0.is_empty() {
            self.0.resize(MOST, None);
        }
        let step = |hash: usize, byte: &u8| hash.wrapping_mul(31).wrapping_add(usize::from(*byte));
        let at = text.as_bytes().iter().fold(text.len(), step) % MOST;
        let Some(place) = self.0.get_mut(at) else { return PyString::new(py, text).into_any() };
        match place {
            Some((known, made)) if **known == *text => made.clone(),
            _ => {
                let made = PyString::new(py, text).into_any();
                *place = Some((text.into(), made.clone()));
                made
            }
        }
    }
}

impl<'py, 'a> Maker<'py, 'a> {
    /// A value without parts, or one that was made before and has some.
    #[inline]
    pub(super) fn plain(&mut self, value: ValueRef<'a>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(id) = value.id() else { return self.leaf(value, &value.form()) };
        if let Some(found) = self.made.get(id).and_then(Option::as_ref) {
            // `None` stands for what is being made.
            return Ok(Some(found.clone()).filter(|found| !found.is_none()));
        }
        self.leaf(value, &value.form())
    }

    /// The same of a key.
    #[inline]
    pub(super) fn plain_key(&mut self, key: ValueRef<'a>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let form = key.form();
        match form {
            Form::Str(text) => {
                if let Some(found) = key.id().and_then(|id| self.made.get(id)?.as_ref()) {
                    return Ok(Some(found.clone()));
                }
                let made = self.texts.get(self.py, text);
                self.remember(key, &made);
                Ok(Some(made))
            }
            // Those that have parts are looked at before they are hashed.
            Form::Tuple(_) | Form::FrozenSet(_) | Form::Object(_) | Form::Persistent(_) => Ok(None),
            form => self.leaf(key, &form),
        }
    }

    /// A value without parts; `None` for what has some.
    pub(super) fn leaf(
        &mut self,
        value: ValueRef<'a>,
        form: &Form<'a>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.py;
        let made = match *form {
            Form::None => return Ok(Some(py.None().into_bound(py))),
            Form::Bool(value) => return Ok(Some(value.into_pyobject(py)?.to_owned().into_any())),
            Form::Int(value) => return Ok(Some(value.into_pyobject(py)?.into_any())),
            Form::Float(value) => return Ok(Some(PyFloat::new(py, value).into_any())),
            Form::Complex(re, im) => PyComplex::from_doubles(py, re, im).into_any(),
            Form::BigInt(bytes) => {
                let kwargs = [(intern!(py, "signed"), true)].into_py_dict(py)?;
                let args = (PyBytes::new(py, bytes), intern!(py, "little"));
                py.get_type::<PyInt>().call_method(
                    intern!(py, "from_bytes"),
                    args,
                    Some(&kwargs),
                )?
            }
            Form::Str(text) => PyString::new(py, text).into_any(),
            Form::WideStr(bytes) => {
                let how = (intern!(py, "utf-8"), intern!(py, "surrogatepass"));
                PyBytes::new(py, bytes).call_method1(intern!(py, "decode"), how)?
            }
            Form::FarStr => {
                let far = value.to_value();
                let text = || far.to_text().map(std::borrow::Cow::into_owned);
                PyString::new(py, &work::alone(py, text)?).into_any()
            }
            Form::Bytes(Some(bytes)) => PyBytes::new(py, bytes).into_any(),
            Form::ByteArray(Some(bytes)) => PyByteArray::new(py, bytes).into_any(),
            Form::Bytes(None) => {
                let far = value.to_value();
                PyBytes::new(py, &work::alone(py, || far.to_bytes())?).into_any()
            }
            Form::ByteArray(None) => {
                let far = value.to_value();
                PyByteArray::new(py, &work::alone(py, || far.to_bytes())?).into_any()
            }
            Form::Global(module, name) => match self.class(value)? {
                Some(class) => class,
                None => self.inert.global(module, name)?,
            },
            Form::Extension(number) => self.inert.extension(number)?,
            Form::Dtype(ref dtype) => self.dtype_form(dtype)?,
            Form::Scalar(dtype, of, bytes) => self.scalar(value, (dtype, of), bytes)?,
            _ => return Ok(None),
        };
        self.remember(value, &made);
        Ok(Some(made))
    }

    /// The class itself, where it is one of those that are data.
    fn class(&mut self, value: ValueRef<'a>) -> PyResult<Option<Bound<'py, PyAny>>> {
        super::known::class(self.py, value)
    }
}
