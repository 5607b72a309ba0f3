{application, shop,
 [{description, "a {b"}, {vsn, "1.0"}, {env, [{x, #{a => -1.5}}]},
  {applications, [kernel, 'two words']}, {optional_applications, [ssl]}]}.
