"""A source read back: its classes, what their constructors make, and the flow of tensors through their `forward`s."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from archdsl.backends.torch.reading.containers import every, named_modules
from archdsl.backends.torch.reading.layers import Layers, one_number, settled
from archdsl.backends.torch.reading.objects import Bound, Class, Function, Held, Outputs, Self
from archdsl.backends.torch.reading.python import Reader
from archdsl.backends.torch.reading.slices import cropped, sliced
from archdsl.backends.torch.reading.values import (
    Container,
    Gap,
    Leaf,
    Library,
    Made,
    Parameter,
    Problem,
    Storage,
    Tensor,
    Term,
    Terms,
)
from archdsl.backends.torch.reading.world import BUILTINS, SPECIAL, Env, Pairs, Ranged, World

VIEWS = frozenset(
    {"Identity", "Flatten", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Unflatten", "DropPath"}
    | {f"torch.{name}" for name in ("flatten", "unflatten", "reshape", "permute", "chunk", "split", "squeeze")}
)
"""What may give a tensor that lies in the memory of the one it was given."""

READ_BACK = "<read back>"
"""What a text that is made a tree of, and never code, goes by."""

CONTAINERS = frozenset({"Sequential", "ModuleList"})


class Source(World):
    """What is in the text of a source. Raises Problem for what no source of ours holds.

    `leaves` are the classes in it that layers bring along, `functional` the functions that modules are equal to, and
    `defaults` what PyTorch's modules take where nothing is said.
    """

    def __init__(
        self,
        text: str,
        terms: Terms,
        leaves: Mapping[str, str],
        functions: Mapping[str, Callable[..., Any]],
        layers: Layers,
    ) -> None:
        self.terms = terms
        self.layers = layers
        self.globals: dict[str, Any] = {}
        self.classes: dict[str, Class] = {}
        reader = Reader(self)
        later: list[tuple[ast.FunctionDef | ast.ClassDef, str]] = []
        seen: set[str] = set()
        for node in ast.parse(text, READ_BACK).body:
            names = self.declared(node)
            if not seen.isdisjoint(names):
                raise Problem(f"`{seen.intersection(names).pop()}` is declared twice")
            seen.update(names)
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                later.append((node, node.name))
        for node, name in later:
            if isinstance(node, ast.ClassDef):
                self.globals[name] = Library(name) if name in leaves else Class(name, "", None, None)
            elif name in functions:
                self.globals[name] = functions[name]
            else:
                self.globals[name] = Function(name, (), {}, lambda env: None)
        for node, name in later:
            if name in leaves:
                if ast.dump(node) != ast.dump(ast.parse(leaves[name], READ_BACK).body[0]):
                    raise Problem(f"`{name}` isn't the class that its layer brings along")
            elif isinstance(node, ast.ClassDef):
                self.read_class(node, reader)
            elif name not in functions:
                self.read_function(node, reader, self.globals[name])

    def declared(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.Expr(value=ast.Constant()):
                return []
            case ast.Import(names=names):
                found = [each.asname or each.name for each in names]
                self.globals |= {name: Library(name) for name in found}
                return found
            case ast.ImportFrom(names=names):
                found = [each.asname or each.name for each in names]
                self.globals |= {name: Library(name) for name in found}
                return found
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                return ["__all__"]
            case ast.FunctionDef() | ast.ClassDef():
                return [node.name]
        raise Problem(f"a source of ours has no `{type(node).__name__}` beside its classes")

    def read_function(self, node: ast.FunctionDef, reader: Reader, into: Function) -> None:
        into.parameters = tuple(each.arg for each in node.args.args)
        late = into.parameters[len(into.parameters) - len(node.args.defaults) :]
        into.defaults = {name: ast.literal_eval(each) for name, each in zip(late, node.args.defaults, strict=True)}
        into.run = reader.function(node)

    def read_class(self, node: ast.ClassDef, reader: Reader) -> None:
        found = self.globals[node.name]
        assert isinstance(found, Class)
        found.base = ast.unparse(node.bases[0])
        names: set[str] = set()
        for each in node.body:
            if isinstance(each, ast.FunctionDef):
                if each.name in names:
                    raise Problem(f"`{node.name}.{each.name}` is declared twice")
                names.add(each.name)
                function = Function(each.name, (), {}, lambda env: None)
                self.read_function(each, reader, function)
                if each.name == "__init__":
                    found.constructor = function
                elif each.name == "forward":
                    found.forward = function
                else:
                    raise Problem(f"`{node.name}` has a method `{each.name}`")
            elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                found.fields = (*found.fields, each.target.id)
        self.classes[node.name] = found

    # Modules in use

    def made(self, name: str, arguments: Mapping[str, Any]) -> Self:
        """A module of a class, its constructor followed."""
        kind = self.classes[name]
        made = Self(kind.base)
        assert kind.constructor is not None
        env: Env = {"self": made, **self.bound(kind.constructor, [made], list(arguments.items()))}
        kind.constructor.run(env)
        return made

    def forward(self, name: str, made: Self, tensors: list[Term], training: bool = False) -> Any:
        """What the `forward` of a module gives for tensors."""
        function = self.classes[name].forward
        assert function is not None
        made.training = training
        return function.run(self.bound(function, [made, *map(Tensor, tensors)], []))

    def bound(self, function: Function, args: list[Any], kwargs: list[tuple[str | None, Any]]) -> Env:
        """The arguments of a call by the names of the parameters."""
        if len(args) > len(function.parameters):
            raise Problem(f"`{function.name}` is handed too much")
        env: Env = dict(zip(function.parameters, args, strict=False))
        for name, value in kwargs:
            if name not in function.parameters or name in env:
                raise Problem(f"`{function.name}` has no parameter `{name}` to be handed")
            env[name] = value
        for name in function.parameters:
            if name not in env:
                if name not in function.defaults:
                    raise Problem(f"`{function.name}` isn't handed its `{name}`")
                env[name] = function.defaults[name]
        return env

    def applied(self, held: Held, inputs: list[Any]) -> Tensor:
        """A module run on tensors."""
        value, path = held.value, held.path
        terms = [self.tensor(each).read() for each in inputs]
        if isinstance(value, Leaf):
            return self.leaf(path, value, inputs[0], terms)
        if isinstance(value, Made):
            return Tensor(self.terms(("call", path, value), *terms))
        if isinstance(value, Container) and value.kind == "Sequential" and len(inputs) == 1:
            if value.is_long:
                return Tensor(self.terms(("run", path), *terms))
            tensor = self.tensor(inputs[0])
            for each in value.modules:
                assert isinstance(each, tuple)
                tensor = self.applied(Held(f"{path}.{each[0]}", each[1]), [tensor])
            return tensor
        raise Problem(f"`{path}` can't be called so")

    def leaf(self, path: str, leaf: Leaf, given: Any, terms: list[Term]) -> Tensor:
        tensor = self.tensor(given)
        kwargs = dict(leaf.kwargs)
        inplace = leaf.kind in self.layers.inplace and kwargs.pop("inplace", False)
        if leaf.kind == "Identity":
            return tensor
        plain = Leaf(leaf.kind, leaf.args, tuple(kwargs.items()))
        term = self.layers.term(path, plain, self.terms, *terms)
        if inplace:
            tensor.storage.version += 1
            return Tensor(term, tensor.storage)
        return Tensor(term, tensor.storage if leaf.kind in VIEWS else Storage())

    @staticmethod
    def tensor(value: Any) -> Tensor:
        if not isinstance(value, Tensor):
            raise Problem("something that is no tensor is used as one")
        return value

    # What Python's forms mean

    def named(self, name: str) -> Any:
        if name in self.globals:
            return self.globals[name]
        if name in BUILTINS:
            return BUILTINS[name]
        if name in SPECIAL:
            return name
        raise Problem(f"nothing is called `{name}`")

    def set_attribute(self, env: Env, name: str, value: Any) -> None:
        made: Self = env["self"]
        if isinstance(value, (Leaf, Made, Container, Parameter)):
            made.add(name, value)
        elif made.values.get(name) is not None or name in made.by_name:
            raise Problem(f"two modules or values are called `{name}`")
        else:
            made.values[name] = value

    def attribute(self, env: Env, name: str) -> Any:
        made: Self = env["self"]
        if name == "training":
            return made.training
        if name in made.values:
            found = made.values[name]
            if isinstance(found, Held) and isinstance(found.value, Parameter):
                return Tensor(self.terms(("parameter", name)))
            return found
        if name in ("add_module", "register_parameter", "get_submodule", "get_parameter"):
            return Bound(made, name)
        raise Problem(f"nothing is called `self.{name}`")

    def member(self, owner: Any, name: str) -> Any:
        if isinstance(owner, Library):
            return Library(f"{owner.name}.{name}")
        if isinstance(owner, (Bound, Tensor, Pairs, Held)):
            return Bound(owner, name)
        raise Problem(f"nothing is called `.{name}`")

    def call(self, env: Env, function: Any, args: list[Any], kwargs: list[tuple[str | None, Any]]) -> Any:
        if isinstance(function, Held):
            return self.applied(function, args)
        if isinstance(function, Library):
            return self.library(function.name, args, kwargs)
        if isinstance(function, Class):
            if function.fields:
                return Outputs(tuple(self.tensor(each) for each in args))
            assert function.constructor is not None
            given = self.bound(function.constructor, [None, *args], kwargs)
            arguments = ((name, one_number(value)) for name, value in given.items() if name != "self")
            return Made(function.name, tuple(sorted(arguments)))
        if isinstance(function, Function):
            return function.run(self.bound(function, args, kwargs))
        if isinstance(function, Bound):
            return self.method(env, function, args, kwargs)
        if function == "range":
            return Ranged(*args)
        if function == "enumerate":
            return self.enumerated(args[0])
        if function == "getattr" and isinstance(args[0], Self):
            return self.attribute(env, args[1])
        if function == "super" and not args:
            return Bound(None, "super")
        if callable(function):
            return function(*args)
        raise Problem("something is called that is no function")

    def library(self, name: str, args: list[Any], kwargs: list[tuple[str | None, Any]]) -> Any:
        if name == "OrderedDict":
            return Pairs(args[0]) if args else Pairs(kwargs)
        last = name.rpartition(".")[2]
        if name == "nn.Parameter":
            return Parameter(args[0])
        if last in CONTAINERS:
            return Container(last, named_modules(args, last))
        tensors: list[Term] = []
        shown = (name, self.without_tensors(args, tensors), tuple((key, settled(value)) for key, value in kwargs))
        if tensors:
            first = next(iter(found for found in args if isinstance(found, Tensor)), None)
            storage = first.storage if first is not None and name in VIEWS else Storage()
            return Tensor(self.terms(cropped(shown), *tensors), storage)
        if last[:1].isupper():
            return Leaf(last, tuple(map(settled, args)), tuple((str(key), settled(value)) for key, value in kwargs))
        return shown

    def without_tensors(self, value: Any, tensors: list[Term]) -> Any:
        """A value as a key, with its tensors taken out of it."""
        if isinstance(value, Tensor):
            tensors.append(value.read())
            return f"x{len(tensors) - 1}"
        if isinstance(value, (list, tuple)):
            return tuple(self.without_tensors(each, tensors) for each in value)
        return value

    def method(self, env: Env, bound: Bound, args: list[Any], kwargs: list[tuple[str | None, Any]]) -> Any:
        owner, name = bound.owner, bound.name
        if isinstance(owner, Bound) and owner.name == "super" and name == "__init__":
            made: Self = env["self"]
            for each in named_modules(args, made.base.rpartition(".")[2]) if args else ():
                if isinstance(each, Gap):
                    made.modules.append(each)
                else:
                    made.add(*each)
            return None
        if isinstance(owner, Self):
            if name in ("add_module", "register_parameter"):
                owner.add(args[0], args[1])
                return None
            return self.attribute(env, args[0])
        if isinstance(owner, Pairs) and name == "items":
            return owner
        if isinstance(owner, Held) and name == "children":
            return owner
        if isinstance(owner, Tensor):
            tensors = [owner.read()]
            shown = (
                f".{name}",
                self.without_tensors(args, tensors),
                tuple((key, settled(each)) for key, each in kwargs),
            )
            return Tensor(self.terms(shown, *tensors), owner.storage)
        raise Problem(f"nothing is called `.{name}()`")

    def enumerated(self, held: Any) -> list[Any]:
        if not isinstance(held, Held) or not isinstance(held.value, Container):
            raise Problem("what is gone through one by one is no container")
        return [
            (place, Held(f"{held.path}.{name}", value)) for place, (name, value) in enumerate(every(held.value.modules))
        ]

    def binary(self, sign: str, function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return function(left, right)
        tensors: list[Term] = []
        return Tensor(self.terms((sign, self.without_tensors((left, right), tensors)), *tensors))

    def item(self, env: Env, owner: Any, index: Any) -> Any:
        if isinstance(owner, Self):
            return Held(*every(owner.modules)[index])
        if isinstance(owner, Tensor):
            return Tensor(self.terms(sliced(index), owner.read()), owner.storage)
        if isinstance(owner, (tuple, list)) and isinstance(index, int):
            return owner[index]
        raise Problem("something is asked for an item that has none")

    def unpacked(self, value: Any, count: int) -> list[Any]:
        if isinstance(value, Tensor):
            term = value.read()
            # What a module gives beside its output lies in memory of its own; parts of a tensor lie in the tensor's.
            own = term.what[0] == "call"
            return [
                Tensor(self.terms(sliced(place), term), Storage() if own else value.storage) for place in range(count)
            ]
        if isinstance(value, (tuple, list)) and len(value) == count:
            return list(value)
        raise Problem(f"something is taken apart into {count} that isn't so many")

    def turns(self, env: Env, iterable: Any) -> list[Any]:
        if isinstance(iterable, Ranged):
            return iterable.turns
        if isinstance(iterable, (list, tuple)):
            return list(iterable)
        raise Problem("a loop goes over nothing that a source of ours has")
